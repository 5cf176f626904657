"""Root-condition analysis of any plain table: CSV, gzipped CSV or Parquet in, one dictionary out, no database.

Text becomes one condition per level, truth values and 0/1 columns one condition, numbers thresholds; an empty cell
is "not observed".
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from ml.conditions import ConditionSetMiner, FoundSet, TooFewFailures, TooManyStrata
from ml.mining.columns import Feature, TableRefused, conditions_of, is_number, is_text, levels_of, numbers_of

__all__ = ["TableRefused", "analyse_table"]

_OUTCOMES = {0.0, 1.0}
_NAMED = 12


def analyse_table(
    path: str | Path,
    outcome: str,
    *,
    time: str | None = None,
    customer: str | None = None,
    strata: str | None = None,
    ignore: Sequence[str] = (),
    say: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Find the condition sets behind an outcome column of a table.

    Parameters
    ----------
    path : str or Path
        A file ending in .csv, .csv.gz or .parquet.
    outcome : str
        A column of 0 and 1 (or true and false); 1 is a failure.
    time : str, optional
        A sortable column; sets are confirmed on its last 30 %.
    customer : str, optional
        Rows of one customer are one cluster; a row without a customer is its own.
    strata : str, optional
        A confounder; every value of it in 20 rows and more has its own leak, at most 100 of them.
    ignore : sequence of str
        Columns that are no conditions.
    say : callable, optional
        Told, sentence by sentence, what was left out and what limits the result.

    Returns
    -------
    dict
        {"rows", "failures", "leak", "tested", "sets": [{"conditions": [{"feature", "op", "value"}], "rows",
        "failures", "rate", "completion", "low", "high", "status"}]}, the sets in the order found. `leak` is the
        share of the failures without a known set; `tested` the number of tests paid for by size of a set.

    Raises
    ------
    TableRefused
        With a code and advice.
    """
    table = _read(Path(path))
    named = [name for name in (outcome, time, customer, strata) if name is not None]
    _require(table, [*named, *ignore])
    if len(set(named)) < len(named):
        twice = next(name for name in named if named.count(name) > 1)
        raise TableRefused(
            "column_used_twice", f"The column {twice!r} is named for two purposes.", "Name a different column for each."
        )
    failed = _outcome(table, outcome)
    matrix = conditions_of(table, {*named, *ignore}, failed)
    miner = ConditionSetMiner()
    try:
        miner.fit(
            matrix.array(),
            failed,
            groups=None if customer is None else _codes(table[customer], alone=True),
            strata=None if strata is None else _codes(table[strata], alone=False),
            time=None if time is None else _moments(table[time], time),
        )
    except TooFewFailures as refusal:
        raise _too_few(refusal.needed, refusal.have) from refusal
    except TooManyStrata as refusal:
        raise TableRefused(refusal.code, str(refusal), "Name another column, or leave --strata out.") from refusal
    if say is not None:
        for sentence in (*matrix.said, *miner.notes_):
            say(sentence)
    return {
        "rows": len(failed),
        "failures": int(failed.sum()),
        "leak": miner.leak_.share,
        "tested": {str(size): tests for size, tests in miner.tested_.items()},
        "sets": [_as_json(found, matrix.features) for found in miner.sets_],
    }


def _too_few(needed: int, have: int) -> TableRefused:
    return TableRefused(
        "too_few_failures",
        f"{have} failures are too few to look for condition sets.",
        f"At least {needed} are needed; bring more rows.",
    )


def _read(path: Path) -> pa.Table:
    name = path.name.lower()
    try:
        if name.endswith((".parquet", ".pq")):
            table = parquet.read_table(path)
        elif name.endswith((".csv", ".csv.gz")):
            table = arrow_csv.read_csv(path, convert_options=arrow_csv.ConvertOptions(strings_can_be_null=True))
        else:
            raise TableRefused(
                "unreadable_file", f"{path.name} is of no known kind.", "Give a .csv, .csv.gz or .parquet file."
            )
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, TableRefused):
            raise
        raise TableRefused(
            "unreadable_file", f"{path.name} cannot be read: {error}", "Check that the file exists and is whole."
        ) from error
    _refuse_other_letters(table, path.name)
    twice = [column for column, times in Counter(table.column_names).items() if times > 1]
    if twice:
        raise TableRefused(
            "unreadable_file", f"{path.name} has the column {twice[0]!r} twice.", "Give every column its own name."
        )
    return table


def _refuse_other_letters(table: pa.Table, file: str) -> None:
    """Refuse text that is not UTF-8, in a name or in a cell: pyarrow hands on such a cell as bytes."""
    try:
        strange = [
            name for name, kind in zip(table.column_names, table.schema.types, strict=True) if pa.types.is_binary(kind)
        ]
    except UnicodeDecodeError:
        strange = ["its first line"]
    if strange and file.lower().endswith((".csv", ".csv.gz")):
        raise TableRefused(
            "unreadable_file",
            f"{file} is not in UTF-8: see {strange[0]}.",
            "Save it again, with UTF-8 as its encoding.",
        )


def _require(table: pa.Table, names: Iterable[str]) -> None:
    """Refuse names that are no column of the table."""
    for name in names:
        if name not in table.column_names:
            known = ", ".join(table.column_names[:_NAMED])
            more = " ..." if table.num_columns > _NAMED else ""
            raise TableRefused(
                "column_missing", f"The table has no column {name!r}.", f"Its columns are: {known}{more}"
            )


def _outcome(table: pa.Table, name: str) -> NDArray[np.int64]:
    column = table[name]
    if not len(column):
        raise TableRefused("unreadable_file", "The table has no rows.", "Give a file with one row a case.")
    refusal = TableRefused(
        "outcome_not_binary",
        f"The outcome {name!r} must be 0 or 1 in every row.",
        "Give a column that holds 1 where the case failed and 0 where it did not, and nothing else.",
    )
    if column.null_count or not is_number(column.type):
        raise refusal
    values = numbers_of(column)
    if not set(np.unique(values).tolist()) <= _OUTCOMES:
        raise refusal
    failures = int(values.sum())
    needed = ConditionSetMiner().min_failures
    if failures < needed:
        raise _too_few(needed, failures)
    if failures == len(values):
        raise TableRefused(
            "outcome_not_binary", "Every row failed: there is nothing to compare with.", "Include cases that went well."
        )
    return values.astype(np.int64)


def _codes(column: pa.ChunkedArray, *, alone: bool) -> NDArray[np.int64]:
    """Return a code per value; a row without one is alone, or shares a code with all such rows."""
    codes, levels = levels_of(column)
    missing = np.flatnonzero(codes < 0)
    codes[missing] = len(levels) + (np.arange(len(missing)) if alone else 0)
    return codes


def _moments(column: pa.ChunkedArray, name: str) -> NDArray[np.int64]:
    """Return the rank of every row's moment."""
    if column.null_count:
        raise TableRefused(
            "time_missing",
            f"{column.null_count} rows have no {name!r}.",
            "Fill the time in, or leave --time out: nothing is then confirmed.",
        )
    levels = levels_of(column)[1] if is_text(column.type) else []
    odd = next((str(level) for level in levels if not _is_moment(str(level))), None)
    if odd is not None:
        raise TableRefused(
            "time_not_sortable",
            f"The column {name!r} holds text that is no date or time, such as {odd!r}: text does not sort in time.",
            "Give times as 2026-01-31 or 2026-01-31T08:30:00, or as numbers that grow.",
        )
    ranks: NDArray[np.int64] = pc.rank(column, sort_keys="ascending", tiebreaker="dense").to_numpy().astype(np.int64)
    return ranks


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _as_json(found: FoundSet, features: list[Feature]) -> dict[str, Any]:
    conditions = [_condition(features[int(c.feature[1:])], c.op, c.value) for c in found.items]
    return {
        "conditions": conditions,
        "rows": found.rows,
        "failures": found.failures,
        "rate": found.rate,
        "completion": found.completion,
        "low": found.low,
        "high": found.high,
        "status": found.status,
    }


def _condition(feature: Feature, op: str, value: float) -> dict[str, Any]:
    if feature.level is not None:
        return {"feature": feature.name, "op": "eq", "value": feature.level}
    return {"feature": feature.name, "op": op, "value": 1 if op == "eq" else value}
