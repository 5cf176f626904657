"""The feature matrix as of a moment: one row a customer, from stored rows to Arrow record batches.

What the API reckons a single risk from, for everybody at once and streamed: as many customers are held as a batch has.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pyarrow as pa
from sqlalchemy import Connection, RowMapping, Select, and_, select

from ml.attributes import attribute_features
from ml.exposures import Sighting, exposure_features
from ml.features import FEATURES, Moments, all_moments, customer_conditions, customer_features
from ml.verifications import read_verifications
from models.customer import Customer

customers = Customer.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
ROWS_A_BATCH = 8_192
OF_CONDITIONS = ("seen", "decayed", "verified")


@dataclass(frozen=True)
class Exposed:
    """What makes features beside the fixed ones.

    Conditions by their codes, condition sets by id with their members, and declared features that read attributes.
    """

    codes: Collection[str] = ()
    sets: Mapping[str, Sequence[str]] = field(default_factory=dict)
    attributes: Sequence[str] = ()

    @property
    def columns(self) -> list[str]:
        """The names of the features they make."""
        of_codes = [f"{kind}:{code}" for code in sorted(self.codes) for kind in OF_CONDITIONS]
        return [*of_codes, *[f"set:{set_id}" for set_id in sorted(self.sets)]]


def matrix_schema(exposed: Exposed) -> pa.Schema:
    """Return the columns of the matrix: `customer`, then every feature as a number, null where it is unknown."""
    names = [*FEATURES, *exposed.columns, *exposed.attributes]
    return pa.schema([("customer", pa.string()), *[(name, pa.float64()) for name in names]])


def feature_batches(
    connection: Connection,
    workspace_id: UUID,
    moment_us: int,
    exposed: Exposed,
    without: Collection[UUID] = frozenset(),
) -> Iterator[pa.RecordBatch]:
    """Give every customer's features as known at a moment, in the order of their ids.

    Parameters
    ----------
    connection
        In a transaction of the workspace; two statements are read side by side.
    moment_us
        UTC microseconds.
    exposed
        Conditions and sets that make features; what was seen beside them makes none.
    without
        Customers that are left out. Whoever objected to scoring then is, and so are aliases of others.
    """
    moments = all_moments(workspace_id, [moment_us])
    verified = read_verifications(connection, workspace_id).at(moment_us)
    seen = _Sightings(connection, moments)
    schema = matrix_schema(exposed)
    streamed = _named(moments, attributes=bool(exposed.attributes)).execution_options(yield_per=ROWS_A_BATCH)
    for rows in connection.execute(streamed).mappings().partitions():
        kept = [row for row in rows if not row["objects_to_scoring"] and row["customer_id"] not in without]
        if kept:
            found = [exposure_features(seen.of(row["customer_id"]), moment_us, exposed.sets, verified) for row in kept]
            yield _batch(kept, found, exposed, schema)


def _named(moments: Moments, *, attributes: bool) -> Select[Any]:
    """Select the features with the reference of whose they are."""
    found = customer_features(moments, attributes=attributes).subquery("features")
    theirs = and_(customers.c.workspace_id == moments.workspace_id, customers.c.id == found.c.customer_id)
    return (
        select(customers.c.reference, found)
        .join(customers, theirs)
        .where(customers.c.merged_into.is_(None), customers.c.version > 0)
        .order_by(found.c.customer_id)
    )


def _batch(
    rows: Sequence[RowMapping], found: Sequence[Mapping[str, float]], exposed: Exposed, schema: pa.Schema
) -> pa.RecordBatch:
    known = [pa.array([row[name] for row in rows]).cast(pa.float64(), safe=False) for name in FEATURES]
    of_exposure = [pa.array([one.get(name, 0.0) for one in found], pa.float64()) for name in exposed.columns]
    told = [attribute_features(row["attributes"], exposed.attributes) for row in rows] if exposed.attributes else []
    said = [pa.array([one[name] for one in told], pa.float64()) for name in exposed.attributes]
    references = pa.array([row["reference"] for row in rows], pa.string())
    return pa.RecordBatch.from_arrays([references, *known, *of_exposure, *said], schema=schema)


class _Sightings:
    """What was seen in customers' cases, read along with the customers themselves: both come in the order of ids."""

    def __init__(self, connection: Connection, moments: Moments) -> None:
        statement = customer_conditions(moments).execution_options(yield_per=ROWS_A_BATCH)
        self._rows = iter(connection.execute(statement))
        self._next = next(self._rows, None)

    def of(self, customer_id: UUID) -> list[Sighting]:
        """Return what was seen of a customer; those before are passed over."""
        found = []
        while self._next is not None and self._next.customer_id.hex <= customer_id.hex:
            if self._next.customer_id == customer_id:
                found.append(Sighting(self._next.case_id, self._next.condition, self._next.since_us))
            self._next = next(self._rows, None)
        return found
