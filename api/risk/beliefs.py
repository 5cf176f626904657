"""The scorecard that a workspace believes in at a moment: what it changed of the published one, version by version."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from ml.attributes import BEGINS, declared_in
from ml.scorecard import Scorecard, scorecard_for
from ml.tailoring import Belief, beliefs_of, tailored
from models.registry import ScorecardVersion

versions = ScorecardVersion.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
UNDECLARED_LOSS = 0.15
"""The yearly loss taken where nobody declared one; nobody is flagged by it."""


@dataclass(frozen=True)
class Believed:
    """A version of the scorecard, or the published one.

    Parameters
    ----------
    id, number
        Of the version; None and 0 for the published scorecard.
    terms
        What differs, by feature.
    yearly_loss
        In place of the workspace's; None leaves that.
    """

    id: UUID | None = None
    number: int = 0
    terms: tuple[tuple[str, Belief], ...] = ()
    yearly_loss: float | None = None

    def loss(self, declared: float | None) -> float:
        """Return the yearly loss that the intercept comes from, beside the one a workspace declares."""
        return self.yearly_loss or declared or UNDECLARED_LOSS

    def declares(self, declared: float | None) -> bool:
        """Return whether anybody said what share of customers leaves in a year."""
        return self.yearly_loss is not None or declared is not None

    def scorecard(self, codes: Iterable[str], sets: Iterable[str], grouped: Collection[str] = ()) -> Scorecard:
        """Return the scorecard for a workspace's conditions and confirmed sets.

        Without the attributes by whose groups its model is looked at, see `ml.attributes.declared_in`.
        """
        declared = {feature for feature, _ in self.terms if feature.startswith(BEGINS)}
        out = declared - {*declared_in(declared, grouped)}
        terms = tuple(term for term in self.terms if term[0] not in out)
        return _scorecard(tuple(sorted(codes)), tuple(sorted(sets)), terms)


PUBLISHED = Believed()


@lru_cache(maxsize=64)
def _scorecard(codes: tuple[str, ...], sets: tuple[str, ...], terms: tuple[tuple[str, Belief], ...]) -> Scorecard:
    return tailored(scorecard_for(codes, sets), dict(terms))


async def believed_at(session: AsyncSession, workspace_id: UUID, moment: datetime) -> Believed:
    """Return the scorecard in force at a moment."""
    statement = all_versions(workspace_id).where(versions.c.recorded_at <= moment)
    row = (await session.execute(statement.order_by(versions.c.number.desc()).limit(1))).mappings().one_or_none()
    return PUBLISHED if row is None else believed(row)


def believed(row: Mapping[Any, Any]) -> Believed:
    """Return a version as it was stored."""
    return Believed(row["id"], row["number"], tuple(sorted(beliefs_of(row["terms"]).items())), row["yearly_loss"])


def all_versions(workspace_id: UUID) -> Select[Any]:
    """Select every version of a workspace's scorecard."""
    return select(versions).where(versions.c.workspace_id == workspace_id)
