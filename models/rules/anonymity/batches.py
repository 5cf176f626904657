"""What stands in a release: of each question its cells with figures or the reason why there are none, and comments.

A release is whole: what was told before and is not told anew stands in it as it was told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.rules.anonymity.audience import COMMENT
from models.rules.anonymity.releasing import (
    EVERYBODY,
    Cell,
    Thresholds,
    Verdict,
    Voice,
    are_comments_due,
    verdicts,
)
from models.rules.answers import Question, is_answered
from models.rules.metrics import Counted, Scale, counted_on, estimated, measured_by
from models.rules.statistics import ClusterSums

TEAM = "team"
"""The cut by the link that people came by; no question has this as the key of a cut beside it."""
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answered:
    """What somebody answered, and with which batch it is released.

    Parameters
    ----------
    batch : int
    team : str | None
        Whose link they came by.
    answers : Mapping[str, Any]
        By question key.
    """

    batch: int
    team: str | None
    answers: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a pulse asks, and how it is told of: fixed when it is launched.

    Parameters
    ----------
    questions : Sequence[Question]
    teams : Sequence[str]
        Those that have a link of their own.
    cut_by : Sequence[str]
        Keys of questions whose answers make groups. They are told as groups and not as figures.
    thresholds : Thresholds
    """

    questions: Sequence[Question]
    teams: Sequence[str]
    cut_by: Sequence[str]
    thresholds: Thresholds

    @property
    def cells(self) -> Sequence[Cell]:
        """Everybody, and the groups of each cut in the order in which they were named: whether anybody is in or not."""
        asked = {question["key"]: question for question in self.questions}
        groups = [Cell(key, group) for key in self.cut_by for group in groups_of(asked[key])]
        return [EVERYBODY, *(Cell(TEAM, team) for team in self.teams), *groups]

    def voice(self, said: Answered) -> Voice:
        """Return somebody as the rules see them."""
        groups = [(key, group_of(said.answers[key])) for key in self.cut_by if is_answered(said.answers.get(key))]
        team = [] if said.team is None else [(TEAM, said.team)]
        return Voice(said.batch, (*team, *groups))


def groups_of(question: Question) -> Sequence[str]:
    """Return the groups that the answers to a question make.

    >>> groups_of({"kind": "yes_no"}), groups_of({"kind": "choice", "choices": [{"key": "short"}, {"key": "long"}]})
    (['yes', 'no'], ['short', 'long'])
    """
    return ["yes", "no"] if question["kind"] == "yes_no" else [choice["key"] for choice in question["choices"]]


def group_of(value: Any) -> str:
    """Return the group of somebody who answered like this.

    >>> group_of(True), group_of(False), group_of("short")
    ('yes', 'no', 'short')
    """
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def release(before: Document | None, said: Sequence[Answered], asked: Asked, batch: int, day: str) -> Document:
    """Return what is told from a batch on.

    Parameters
    ----------
    before : Document | None
        The release before.
    said : Sequence[Answered]
        All that was answered, up to this batch, in an order that tells nothing.
    asked : Asked
    batch : int
        Its number, from 1 on.
    day : str
        On which it is released.

    Examples
    --------
    >>> tools = {"key": "tools", "kind": "rating", "min": 0, "max": 4}
    >>> asked = Asked([tools], [], [], Thresholds())
    >>> told = release(None, [Answered(1, None, {"tools": 3})] * 5, asked, 1, "2026-05-04")
    >>> told["answers"], told["questions"]["tools"][0]["figures"][0]["value"]
    (5, 3.0)
    """
    told = before or {"questions": {}, "comments": {}}
    items = [question for question in asked.questions if question["key"] not in asked.cut_by]
    out: Document = {"answers": len(said), "questions": {}, "comments": {}}
    for question in items:
        key = question["key"]
        given = [one for one in said if is_answered(one.answers.get(key))]
        room, tell = ("comments", _comments) if question["kind"] == COMMENT else ("questions", _cells)
        out[room][key] = tell(told[room].get(key), given, asked, question, (batch, day))
    return out


def _cells(
    before: Sequence[Document] | None, said: Sequence[Answered], asked: Asked, question: Question, now: tuple[int, str]
) -> list[Document]:
    batch, day = now
    told = {Cell(one["cut"], one["group"]): one for one in before or ()}
    voices = [asked.voice(one) for one in said]
    released = {cell: one["batches"] for cell, one in told.items()}
    out = []
    for cell, verdict in verdicts(voices, released, asked.cells, batch, asked.thresholds).items():
        if verdict is Verdict.RELEASED:
            values = [
                one.answers[question["key"]] for one, voice in zip(said, voices, strict=True) if voice.is_in(cell)
            ]
            own = {"n": len(values), "as_of": day, "figures": figures_of(question, values), "suppressed": None}
            out.append(_told(cell, [*released.get(cell, []), batch], own))
        elif released.get(cell):
            out.append(told[cell])
        else:
            nothing = {"n": None, "as_of": None, "figures": None, "suppressed": verdict.value}
            out.append(_told(cell, [], nothing))
    return out


def _told(cell: Cell, batches: Sequence[int], own: Document) -> Document:
    return {"cut": cell.cut, "group": cell.group, "batches": list(batches), **own}


def _comments(
    before: Document | None, said: Sequence[Answered], asked: Asked, question: Question, now: tuple[int, str]
) -> Document:
    """Return the comments, of everybody alone: of which team or group is told of none."""
    told = before or {"n": None, "as_of": None, "texts": [], "suppressed": Verdict.TOO_FEW.value}
    if not are_comments_due(len(told["texts"]), len(said), asked.thresholds):
        return told
    texts = [str(one.answers[question["key"]]) for one in said]
    return {"n": len(texts), "as_of": now[1], "texts": texts, "suppressed": None}


def figures_of(question: Question, values: Sequence[Any]) -> list[Document]:
    """Return the figures of some answers to a question, each with its 95 % interval.

    Parameters
    ----------
    question : Question
        Of a kind that has figures.
    values : Sequence[Any]
        One a person, at least one.

    Examples
    --------
    >>> [figure["value"] for figure in figures_of({"key": "ok", "kind": "yes_no"}, [True, True, False, True])]
    [0.75]
    """
    scale = next(found for *_, found in measured_by(question) if found is not None)
    return [_figure(scale, counted, values) for counted in counted_on(scale)]


def _figure(scale: Scale, counted: Counted, values: Sequence[Any]) -> Document:
    counts = counted.weights or {}
    weights = [counts.get(str(value).lower() if isinstance(value, bool) else str(value), 0) for value in values]
    found = estimated(counted, scale, ClusterSums.of((weight, 1, weight * weight) for weight in weights))
    return {
        "statistic": counted.statistic.value,
        "share_of": counted.share_of,
        "meaning": counted.meaning,
        "value": found.value,
        "low": found.low,
        "high": found.high,
    }
