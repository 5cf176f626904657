"""What those at the customer are owed: role proposals answered with reasons in time, support requests met.

Nothing of it is told where fewer than three owe it: what one or two supporters did or left is theirs, and loyalty is
never told by person. These rows are few and no customers'; they are counted in Python, each for itself.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, select

from api import kinds
from api.dependencies import Work
from api.measures.answers import as_they_stood
from api.measures.loyalty.asking import By, Question
from api.measures.loyalty.counting.sums import Cell
from models.base import to_us
from models.role import SupportAnswer
from models.rules.loyalty.dimensions import Part
from models.rules.loyalty.owed import (
    FEWEST_SUPPORTERS,
    REQUEST_US,
    Proposed,
    Said,
    answered_in_time,
    met_in_time,
)
from models.rules.loyalty.profile import PartSums
from models.rules.statistics import ClusterSums
from models.rules.support import ProposalStatus
from models.support_request import SupportKind

answers = SupportAnswer.__table__  # type: ignore[attr-defined] # SQLModel sets it on table classes
COUNTED_KINDS = frozenset({SupportKind.KNOWLEDGE, SupportKind.TOOL})


@dataclass(frozen=True)
class Owed:
    """Something that was owed to a team: when, by whom, and whether it came in time."""

    part: Part
    team: str | None
    due_us: int
    by: Sequence[str]
    in_time: bool


async def cells(work: Work, asked: Question) -> Mapping[Cell, Mapping[Part, PartSums]]:
    """Return what was owed to staff, by team and period; nothing where it is told apart by what staff are not of."""
    if asked.by not in {None, By.TEAM}:
        return {}
    found: defaultdict[Cell, defaultdict[Part, list[Owed]]] = defaultdict(lambda: defaultdict(list))
    for owed in [*await _proposals(work, asked), *await _requests(work, asked)]:
        group = None if asked.by is None or owed.team is None else asked.renamed.get(owed.team, owed.team)
        for place, period in enumerate(asked.periods):
            if period.start_us <= owed.due_us < min(period.end_us, asked.now_us + 1):
                found[group, place][owed.part].append(owed)
    return {cell: told for cell, parts in found.items() if (told := dict(_told(parts)))}


def _told(parts: Mapping[Part, Sequence[Owed]]) -> Iterator[tuple[Part, PartSums]]:
    for part, rows in parts.items():
        if len({name for row in rows for name in row.by}) >= FEWEST_SUPPORTERS:
            known = ClusterSums.of((int(row.in_time), 1, int(row.in_time)) for row in rows)
            yield part, PartSums(known, len(rows))


async def _proposals(work: Work, asked: Question) -> list[Owed]:
    told = await _versions(work, asked)
    said = await _said(work, asked)
    found = []
    for identity, versions in told.items():
        last = versions[-1]
        due_us = _due_us(versions)
        in_time = answered_in_time(Proposed(last["status"], due_us, said.get(identity, ())), asked.now_us)
        if in_time is not None and not last["voided"]:
            by = asked.supporters.owing(last["team"], last["status"], last["taken_to"])
            found.append(Owed(Part.PROPOSALS_ANSWERED, last["team"], due_us, by, in_time))
    return found


def _due_us(versions: Sequence[Mapping[Any, Any]]) -> int:
    """Return by when an answer is owed: a date given with *taken to* is the company's own, and moves nothing."""
    in_force = previous = versions[0]["due_at"]
    for version in versions[1:]:
        if version["due_at"] != previous and version["status"] != ProposalStatus.TAKEN_TO:
            in_force = version["due_at"]
        previous = version["due_at"]
    return to_us(in_force)


async def _versions(work: Work, asked: Question) -> Mapping[UUID, Sequence[RowMapping]]:
    version = kinds.ROLE_PROPOSAL.version
    names = ("id", "status", "team", "due_at", "taken_to", "voided")
    statement = select(*(version.c[name] for name in names)).where(version.c.workspace_id == work.workspace_id)
    if asked.known_at is not None:
        statement = statement.where(version.c.stored_at <= asked.known_at)
    ordered = statement.order_by(version.c.id, version.c.occurred_at, version.c.recorded_at, version.c.number)
    found: defaultdict[UUID, list[RowMapping]] = defaultdict(list)
    for row in (await work.session.execute(ordered)).mappings():
        found[row["id"]].append(row)
    return found


async def _said(work: Work, asked: Question) -> Mapping[UUID, Sequence[Said]]:
    statement = select(answers.c.proposal_id, answers.c.verdict, answers.c.reason, answers.c.recorded_at)
    statement = statement.where(answers.c.workspace_id == work.workspace_id)
    if asked.known_at is not None:
        statement = statement.where(answers.c.recorded_at <= asked.known_at)
    found: defaultdict[UUID, list[Said]] = defaultdict(list)
    for row in await work.session.execute(statement):
        found[row.proposal_id].append(Said(row.verdict, bool((row.reason or "").strip()), to_us(row.recorded_at)))
    return found


async def _requests(work: Work, asked: Question) -> list[Owed]:
    told = as_they_stood(kinds.SUPPORT_REQUEST, asked, "team", "kind", "asked_at", "met_at", "voided")
    statement = select(told).where(told.c.voided.is_(False), told.c.kind.in_(sorted(COUNTED_KINDS)))
    found = []
    for row in await work.session.execute(statement):
        asked_us, met_us = to_us(row.asked_at), None if row.met_at is None else to_us(row.met_at)
        in_time = met_in_time(asked_us, met_us, asked.now_us)
        if in_time is not None:
            by = asked.supporters.of(row.team)
            found.append(Owed(Part.REQUESTS_MET, row.team, asked_us + REQUEST_US, by, in_time))
    return found
