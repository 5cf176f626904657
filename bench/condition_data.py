"""The public data of the condition-set figures as arrays: AI4I machines and Olist orders.

Read from the folder of evaluation data, never copied into the project.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv

_THURSDAY = 3  # 1970-01-01, counted from Monday
Column: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Cases:
    """Named columns, outcome, and (Olist) customers and moments."""

    columns: dict[str, Column]
    y: NDArray[np.int64]
    groups: NDArray[np.str_] | None = None
    time: NDArray[np.datetime64] | None = None

    @property
    def X(self) -> NDArray[np.float64]:  # noqa: N802 - the field's name for a matrix
        """The columns side by side."""
        return np.stack(list(self.columns.values()), axis=1)


def machines(folder: Path) -> Cases:
    """Return AI4I with the process-air difference, power and strain, and one flag per type."""
    table = arrow_csv.read_csv(folder / "ai4i.csv.gz")
    air, process = _number(table, "Air temperature [K]"), _number(table, "Process temperature [K]")
    speed, torque = _number(table, "Rotational speed [rpm]"), _number(table, "Torque [Nm]")
    wear = _number(table, "Tool wear [min]")
    kind = np.array(table["Type"].to_pylist())
    columns = {
        "air": air,
        "process": process,
        "speed": speed,
        "torque": torque,
        "wear": wear,
        "difference": process - air,
        "power": torque * speed * 2 * np.pi / 60,
        "strain": torque * wear,
        **{f"type {level}": (kind == level).astype(float) for level in "LMH"},
    }
    return Cases(columns, _number(table, "Machine failure").astype(np.int64))


def orders(folder: Path) -> Cases:
    """Return Olist's delivered orders with what was known when the survey was sent.

    Promise broken: the survey's day lies after the estimated day. Still waiting: not delivered by the end of the
    survey's day. Surveys that precede their purchase are left out.
    """
    table = arrow_csv.read_csv(folder / "olist_orders.csv.gz")
    sent = pc.greater_equal(table["rdate"], table["order_purchase_timestamp"])
    table = table.filter(pc.and_(pc.equal(table["order_status"], "delivered"), sent))
    asked = _day(table, "rdate")
    bought = _day(table, "order_purchase_timestamp")
    columns = {
        "promise_broken": asked > _day(table, "order_estimated_delivery_date"),
        "still_waiting": _day(table, "order_delivered_customer_date") > asked,
        "several_items": _number(table, "n_items") > 1,
        "several_sellers": _number(table, "n_sellers") > 1,
        "several_products": _number(table, "n_products") > 1,
        "other_state": _number(table, "same_state") == 0,
        "far": _number(table, "dist") > 1000,
        "handed_over_late": _number(table, "handover_late") > 0,
        "freight_dear": _number(table, "freight_ratio") > 0.4,
        "heavy": _number(table, "weight") > 5000,
        "one_photo": _number(table, "photos") <= 1,
        "short_description": _number(table, "desc") < 300,
        "many_instalments": _number(table, "inst") > 3,
        "approved_slowly": _number(table, "approve_h") > 24,
        "long_promise": _number(table, "promise_days") > 30,
        "weekend": np.isin((bought.astype(np.int64) + _THURSDAY) % 7, (5, 6)),
    }
    return Cases(
        {name: flags.astype(float) for name, flags in columns.items()},
        _number(table, "bad").astype(np.int64),
        np.array(table["customer_unique_id"].to_pylist()),
        table["rdate"].to_numpy(),
    )


def _number(table: pa.Table, name: str) -> Column:
    return pc.cast(table[name], pa.float64()).to_numpy().astype(np.float64)


def _day(table: pa.Table, name: str) -> NDArray[np.datetime64]:
    return table[name].to_numpy().astype("datetime64[D]")
