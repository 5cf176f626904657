"""What a form sent, read by the kinds of the questions: names to answers, whatever the form looked like.

Repeated names are several choices, `key.row` is a row of a matrix, `key.choice` the rank of a choice. Names that begin
with `_` are controls. Nothing here refuses: what cannot be read is kept as it was typed, and the check of the answers
says beside its question what is wrong with it.
"""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.rules.answers import SCALES, Question

Fields = Sequence[tuple[str, str]]
"""Names and values in the order sent."""

WHOLE = re.compile(r"^[+-]?\d{1,15}$")
NUMBER = re.compile(r"^[+-]?\d{1,15}([.,]\d{1,15})?$")
YES = frozenset({"yes", "true", "on", "1"})
NO = frozenset({"no", "false", "off", "0"})


@dataclass(frozen=True)
class Sent:
    """What a form sent.

    Parameters
    ----------
    answers
        By question key; a question sent empty is None.
    typed
        By field name the values as they were sent, to be shown again.
    controls
        By name without its `_`, the last value.
    unknown
        Names that belong to no question: ignored.
    """

    answers: Mapping[str, Any]
    typed: Mapping[str, Sequence[str]]
    controls: Mapping[str, str]
    unknown: Sequence[str]


def read_fields(questions: Iterable[Question], fields: Fields) -> Sent:
    """Return what a form sent, by the questions it may answer.

    Examples
    --------
    >>> asked = [{"key": "mood", "kind": "rating"}, {"key": "why", "kind": "choices"}]
    >>> sent = read_fields(asked, [("mood", "4"), ("why", "a"), ("why", "b"), ("_next", "/"), ("utm", "x")])
    >>> sent.answers, sent.controls, sent.unknown
    ({'mood': 4, 'why': ['a', 'b']}, {'next': '/'}, ['utm'])
    """
    typed: defaultdict[str, list[str]] = defaultdict(list)
    controls: dict[str, str] = {}
    for name, value in fields:
        if name.startswith("_"):
            controls[name[1:]] = _clean(value)
        else:
            typed[name].append(_clean(value))
    by_key = {question["key"]: question for question in questions}
    owners = {
        name: by_key[key] for name in typed if (key := name.partition(".")[0]) in by_key and _owns(by_key[key], name)
    }
    answers = {
        key: _answer(question, {name: values for name, values in typed.items() if owners.get(name) is question})
        for key, question in by_key.items()
        if any(owner is question for owner in owners.values())
    }
    return Sent(answers, dict(typed), controls, sorted(set(typed) - set(owners)))


def shown_again(question: Question, answer: Any) -> dict[str, list[str]]:
    """Return the field values that say an answer: the way back of `read_fields`."""
    key = question["key"]
    if answer is None:
        return {}
    if isinstance(answer, dict):
        return {f"{key}.{row}": [_text(choice)] for row, choice in answer.items()}
    if question["kind"] == "ranking" and isinstance(answer, list):
        return {f"{key}.{choice}": [str(place)] for place, choice in enumerate(answer, start=1)}
    if isinstance(answer, list):
        return {key: [_text(item) for item in answer]}
    return {key: [_text(answer)]}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _clean(value: str) -> str:
    """Return a text with plain line ends, without what no database keeps."""
    return value.replace("\0", "").replace("\r\n", "\n").encode("utf-8", "replace").decode()


def _owns(question: Question, name: str) -> bool:
    return name == question["key"] or question["kind"] in {"matrix", "ranking"}


def _answer(question: Question, values: Mapping[str, Sequence[str]]) -> Any:
    kind, key = question["kind"], question["key"]
    if kind == "matrix":
        rows = {name.partition(".")[2]: _last(given) for name, given in values.items() if name != key}
        return {row: choice for row, choice in rows.items() if choice} or None
    if kind == "ranking":
        return _ranking(key, values)
    given = values[key]
    if kind == "choices":
        return list(dict.fromkeys(value for value in given if value)) or None
    last = _last(given)
    return READERS.get(kind, _as_typed)(last) if last.strip() else None


def _last(given: Sequence[str]) -> str:
    """Return the last value that says something; a form may send an empty one before it."""
    return next((value for value in reversed(given) if value.strip()), "")


def _ranking(key: str, values: Mapping[str, Sequence[str]]) -> Any:
    """Return choices in their order: as repeated names, or by the rank given to each."""
    if key in values:
        return [value for value in values[key] if value] or None
    ranks = {name.partition(".")[2]: _last(given).strip() for name, given in values.items()}
    ranks = {choice: rank for choice, rank in ranks.items() if rank}
    if not all(WHOLE.match(rank) for rank in ranks.values()) or len(set(map(int, ranks.values()))) < len(ranks):
        return "; ".join(f"{choice}: {rank}" for choice, rank in ranks.items())  # no list: refused beside the field
    return sorted(ranks, key=lambda choice: int(ranks[choice])) or None


def _whole(text: str) -> Any:
    return int(text) if WHOLE.match(text.strip()) else text


def _number(text: str) -> Any:
    plain = text.strip()
    if not NUMBER.match(plain):
        return text
    value = float(plain.replace(",", "."))
    return int(value) if math.isfinite(value) and value.is_integer() else value


def _flag(text: str) -> Any:
    plain = text.strip().lower()
    return True if plain in YES else False if plain in NO else text


def _as_typed(text: str) -> Any:
    return text


def _trimmed(text: str) -> Any:
    return text.strip()


READERS: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(SCALES, _whole),
    "number": _number,
    "yes_no": _flag,
    "consent": _flag,
    "choice": _trimmed,
    "date": _trimmed,
}
