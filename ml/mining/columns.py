"""The columns of a plain table as conditions: text by level, truth values and 0/1 as they are, numbers as they are."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

MOST_LEVELS = 30
_LEAST_ROWS = 8  # a level in fewer rows can never be a set of eight failures


class TableRefused(ValueError):  # noqa: N818 - a refusal is named for what is the matter
    """A table cannot be analysed.

    Attributes
    ----------
    code : str
        One of column_missing, column_used_twice, no_conditions, outcome_not_binary, time_missing, time_not_sortable,
        too_few_failures, too_many_strata, unreadable_file.
    advice : str
        What to do about it, in a sentence.
    """

    def __init__(self, code: str, message: str, advice: str) -> None:
        super().__init__(message)
        self.code = code
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Feature:
    """A column of the matrix: the table's column and, for text, the level it stands for."""

    name: str
    level: str | None = None


@dataclass(slots=True)
class Matrix:
    """What the columns of a table became, and what was left out on the way."""

    features: list[Feature] = field(default_factory=list)
    columns: list[NDArray[np.floating]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def array(self) -> NDArray[np.float64]:
        """Return the columns side by side, each contiguous."""
        array = np.empty((len(self.columns[0]), len(self.columns)), order="F")
        for at, column in enumerate(self.columns):
            array[:, at] = column
        return array

    def add(self, feature: Feature, column: NDArray[np.floating]) -> None:
        """Add one column."""
        self.features.append(feature)
        self.columns.append(column)


def is_number(kind: pa.DataType) -> bool:
    """Tell whether a column of this kind holds numbers or truth values."""
    return bool(
        pa.types.is_boolean(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
    )


def numbers_of(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """Return a column of numbers or truth values as float, NaN where the cell is empty."""
    values = pc.cast(column, pa.int8()) if pa.types.is_boolean(column.type) else column
    result: NDArray[np.float64] = pc.cast(values, pa.float64(), safe=False).to_numpy().astype(np.float64)
    return result


def conditions_of(table: pa.Table, exclude: set[str], failed: NDArray[np.int64]) -> Matrix:
    """Turn every column not excluded into conditions, but for those that are the outcome again.

    Raises
    ------
    TableRefused
        If no column can be a condition.
    """
    matrix = Matrix()
    for name in table.column_names:
        if name in exclude:
            continue
        column = table[name]
        if is_number(column.type):
            _add_number(matrix, name, numbers_of(column))
        elif is_text(column.type):
            _add_levels(matrix, name, column)
        else:
            matrix.said.append(f"{name} is left out: a {column.type} is no condition by itself.")
    _refuse_copies(matrix, failed == 1)
    if not matrix.columns:
        raise TableRefused(
            "no_conditions",
            "No column of the table can be a condition.",
            "Keep at least one column beside the outcome.",
        )
    return matrix


def _refuse_copies(matrix: Matrix, failed: NDArray[np.bool_]) -> None:
    """Leave out what tells the outcome of every row: it would explain each failure by itself, and say nothing."""
    for at in reversed(range(len(matrix.columns))):
        column = matrix.columns[at]
        cut = column > column.min()
        same = (cut == failed).all() or (cut != failed).all()
        if same and np.isfinite(column).all() and (column[cut] == column.max()).all():
            said = f"{matrix.features[at].name} is left out: it is the outcome again (condition_defines_outcome)."
            if said not in matrix.said:
                matrix.said.append(said)
            del matrix.columns[at], matrix.features[at]


def is_text(kind: pa.DataType) -> bool:
    """Tell whether a column of this kind holds text."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def levels_of(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[object]]:
    """Return a code per row, -1 where the cell is empty, and the values the codes stand for."""
    encoded = column.combine_chunks()
    if not pa.types.is_dictionary(encoded.type):
        encoded = encoded.dictionary_encode()
    codes: NDArray[np.int64] = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, encoded.dictionary.to_pylist()


def _add_number(matrix: Matrix, name: str, values: NDArray[np.float64]) -> None:
    endless = np.isinf(values)
    if endless.any():
        values = np.where(endless, np.nan, values)
        matrix.said.append(f"{name}: {int(endless.sum())} infinite values count as not observed.")
    matrix.add(Feature(name), values)


def _add_levels(matrix: Matrix, name: str, column: pa.ChunkedArray) -> None:
    """Add one column per level, the commonest first; say which are dropped."""
    codes, levels = levels_of(column)
    shown = np.bincount(codes[codes >= 0], minlength=len(levels))
    order = sorted(range(len(levels)), key=lambda at: (-int(shown[at]), str(levels[at])))
    common = [at for at in order if shown[at] >= _LEAST_ROWS]
    kept = common[:MOST_LEVELS]
    if len(common) < len(levels):
        matrix.said.append(f"{name}: {len(levels) - len(common)} of {len(levels)} levels are dropped as too rare.")
    if len(kept) < len(common):
        matrix.said.append(f"{name}: of {len(common)} levels the {MOST_LEVELS} commonest are conditions.")
    for at in kept:
        flags = (codes == at).astype(np.float64)
        flags[codes < 0] = np.nan
        matrix.add(Feature(name, str(levels[at])), flags)
