"""What is released of the answers to a question, night by night, and for whom nothing is, and why.

Answers are given out in batches: a night's new ones together, if they are enough. A cell is all who answered, or a
group of one cut, and its figure is told of everybody in it up to a batch. Each new figure is laid before the auditor
beside all that was ever released of the question.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from models.rules.anonymity.auditing import is_derivable

SCORES_FROM, FEWEST_FOR_SCORES = 5, 3
COMMENTS_FROM = 10
BATCH = 5
"""New answers that a batch has at least."""


class Verdict(StrEnum):
    """What becomes of a cell on one night."""

    RELEASED = "released"
    TOO_FEW = "too_few"
    TOO_FEW_NEW = "too_few_new"
    DERIVABLE = "derivable"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What staff were promised, fixed when a pulse is launched.

    Parameters
    ----------
    scores_from : int
        Figures are told of so many people or more, at least 3.
    comments_from : int
        Comments are told from so many on, at least 10.
    batch : int
        New answers that a batch has at least, 5 or more.
    """

    scores_from: int = SCORES_FROM
    comments_from: int = COMMENTS_FROM
    batch: int = BATCH

    @property
    def step(self) -> int:
        """The new answers that a figure needs to be told anew: what is new could else be told from what was before."""
        return max(self.scores_from, self.batch)


@dataclass(frozen=True, slots=True)
class Cell:
    """Whom a figure is about: all who answered, or a group of one cut."""

    cut: str | None = None
    group: str | None = None


EVERYBODY = Cell()


@dataclass(frozen=True, slots=True)
class Voice:
    """Somebody who answered a question, by what is known of them alone.

    Parameters
    ----------
    batch : int
        With which batch.
    groups : tuple[tuple[str, str], ...]
        Of each cut their group, if they are of any.
    """

    batch: int
    groups: tuple[tuple[str, str], ...] = ()

    def is_in(self, cell: Cell) -> bool:
        """Return whether a cell is about them too."""
        return cell.cut is None or (cell.cut, cell.group) in self.groups


Released = Mapping[Cell, Sequence[int]]
"""Of each cell the batches up to which figures of it were released, all of them."""


def verdicts(
    voices: Sequence[Voice], released: Released, cells: Sequence[Cell], batch: int, thresholds: Thresholds
) -> Mapping[Cell, Verdict]:
    """Return which cells of a question are released with a batch, and why the others are not.

    Parameters
    ----------
    voices : Sequence[Voice]
        All who answered the question, up to this batch.
    released : Released
        What was released of it before.
    cells : Sequence[Cell]
        In the order in which they are considered: where two cannot both be told, the first is.
    batch : int
        The newest.
    thresholds : Thresholds

    Examples
    --------
    Nine people in two teams: told of all, and of neither team, because the other would be the difference.

    >>> voices = [Voice(1, (("team", "north"),))] * 7 + [Voice(1, (("team", "south"),))] * 2
    >>> cells = [EVERYBODY, Cell("team", "north"), Cell("team", "south")]
    >>> [verdict.value for verdict in verdicts(voices, {}, cells, 1, Thresholds()).values()]
    ['released', 'derivable', 'too_few']
    """
    out: dict[Cell, Verdict] = {}
    told = {cell: list(batches) for cell, batches in released.items() if batches}
    for cell in cells:
        out[cell] = _verdict(voices, told, cell, batch, thresholds)
        if out[cell] is Verdict.RELEASED:
            told.setdefault(cell, []).append(batch)
    return out


def _verdict(
    voices: Sequence[Voice], told: Mapping[Cell, Sequence[int]], cell: Cell, batch: int, thresholds: Thresholds
) -> Verdict:
    last = max(told.get(cell, (0,)))
    new = sum(voice.is_in(cell) and voice.batch > last for voice in voices)
    if new < thresholds.step:
        return Verdict.TOO_FEW_NEW if last else Verdict.TOO_FEW
    figures = [*_figures(told), (cell, batch)]
    kinds = Counter(voices)
    rows = [[voice.is_in(of) and voice.batch <= until for voice in kinds] for of, until in figures]
    derivable = is_derivable(rows, list(kinds.values()), thresholds.scores_from)
    return Verdict.DERIVABLE if derivable else Verdict.RELEASED


def _figures(told: Mapping[Cell, Sequence[int]]) -> Iterator[tuple[Cell, int]]:
    for cell, batches in told.items():
        yield from ((cell, until) for until in batches)


def are_comments_due(told: int, there: int, thresholds: Thresholds) -> bool:
    """Return whether comments are given out: from a number on, and then so many new ones together.

    Parameters
    ----------
    told, there : int
        How many were given out before, and how many there are now.
    thresholds : Thresholds

    Examples
    --------
    >>> [are_comments_due(told, there, Thresholds()) for told, there in ((0, 9), (0, 10), (10, 14), (10, 15))]
    [False, True, False, True]
    """
    return there >= thresholds.comments_from and there - told >= thresholds.step
