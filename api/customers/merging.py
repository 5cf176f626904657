"""Merging two customers who are one: nothing is lost, what was known before stays, and the old reference goes on.

The facts of the merged customer are given to the survivor by versions appended now. The survivor's own fields win,
absent ones are filled from the merged customer, and a wish not to be scored or contacted holds from either side.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from api import audit, kinds, tombstones
from api.customers import queries
from api.customers.schemas import MergeAnswer
from api.customers.service import keep
from api.customers.survivors import aliases_of
from api.dependencies import Work
from api.errors import Conflict, NoSuchThing, UnknownReference
from api.recorded import impossible
from api.workspaces import service as workspaces
from models.customer_facts import OnMerge, facts_on_merge
from models.recording import Change, RecordKind, current
from models.rules.stubs import STUB
from models.tombstone import Buried

WISHES = frozenset({"objects_to_scoring", "do_not_contact", "survey_opt_out"})
VALUE = ("value_amount", "value_currency")
KINDS = {kind.version.name: kind for kind in vars(kinds).values() if isinstance(kind, RecordKind)}

Row = Mapping[Any, Any]


async def merge(work: Work, reference: str, into: str) -> MergeAnswer:
    """Merge a customer into another, who is then known by both references; again, it changes nothing."""
    # Merges of a workspace come one after the other: two from both sides never make a circle.
    await workspaces.hold(work)
    merged, survivor = await _both(work, reference, into)
    if merged["merged_into"] == survivor["id"]:
        return await _answer(work, reference, survivor["reference"], {}, unchanged=True)
    if merged["merged_into"] is not None:
        other = await queries.reference_of(work.session, work.workspace_id, merged["merged_into"])
        raise Conflict(f"{reference} was merged into {other} before. Merge {other} instead.", code="already_merged")
    if merged["id"] == survivor["id"]:
        raise Conflict(f"{into} was merged into {reference} before: they are one already.", code="already_merged")
    await queries.hold_customers(work.session, work.workspace_id, [merged["id"], survivor["id"]])
    # Records first: who is telling one again holds it, and must be able to point to its customer until it is told.
    moved = {kind.name: await _give(work, kind, merged["id"], survivor["id"]) for kind in _appended()}
    for table in facts_on_merge(OnMerge.MOVED):
        await queries.move_rows(work.session, work.workspace_id, table, merged["id"], survivor["id"])
    await _fill(work, merged["reference"], survivor["reference"])
    await queries.point_to_survivor(work.session, work.workspace_id, merged["id"], survivor["id"], work.now)
    into_whom = audit.hashed(work, "customers", survivor["reference"])
    details: dict[str, Any] = {"into": into_whom, "moved": moved}
    await audit.note(work, "customer.merged", audit.about(work, "customers", reference), details)
    return await _answer(work, reference, survivor["reference"], moved, unchanged=False)


async def _both(work: Work, reference: str, into: str) -> tuple[Row, Row]:
    """Return the customer to merge as it is, and the one there is behind `into`."""
    if reference == into:
        raise impossible("into", "merged_into_itself", "A customer is merged into another one.")
    heads = await queries.heads_by_reference(work.session, work.workspace_id, [reference, into])
    if reference not in heads:
        raise NoSuchThing(f"There is no customer {reference}.")
    if into not in heads:
        if await tombstones.erased_among(work, Buried.CUSTOMER, [into]):
            raise tombstones.refused("customer", into, "into")
        detail = f"There is no customer {into} yet."
        errors = [{"pointer": "/into", "code": UnknownReference.code, "detail": detail}]
        raise UnknownReference(f"{detail} Report it first, then send this again.", errors=errors)
    survivor: Row = heads[into]
    if survivor["merged_into"] is not None:
        name = await queries.reference_of(work.session, work.workspace_id, survivor["merged_into"])
        survivor = {"id": survivor["merged_into"], "reference": name, "merged_into": None}
    return heads[reference], survivor


def _appended() -> list[RecordKind]:
    return [KINDS[table] for table in facts_on_merge(OnMerge.APPENDED)]


async def _fill(work: Work, merged: str, survivor: str) -> None:
    """Let the survivor know what only the merged customer knew, and the merged one say nothing more."""
    found = await current(work.session, kinds.CUSTOMER, work.workspace_id, [(merged,), (survivor,)])
    theirs, own = found[(merged,)], found[(survivor,)]
    given = _filled(own, theirs)
    if given.get("referred_by") == survivor:
        del given["referred_by"]
    changes = [_after(work, own, (survivor,), given), _after(work, theirs, (merged,), {}, voided=True)]
    await keep(work, kinds.CUSTOMER, changes)


def _filled(own: Row, theirs: Row) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name in kinds.CUSTOMER.fields:
        if name == STUB:
            continue  # whether somebody was reported is not theirs to tell of another
        if name in WISHES:
            if theirs[name] and not own[name]:
                given[name] = True
        elif name == "attributes":
            added = {key: value for key, value in theirs[name].items() if key not in own[name]}
            if added:
                given[name] = added
        elif own[name] is None and theirs[name] is not None and (name not in VALUE or own[VALUE[0]] is None):
            given[name] = theirs[name]
    return given


async def _give(work: Work, kind: RecordKind, merged: UUID, survivor: UUID) -> int:
    """Append to each record of the merged customer that it is the survivor's now; return how many there are."""
    rows = await queries.held_records_of(work.session, kind, work.workspace_id, merged)
    changes = [
        _after(work, row, tuple(row[name] for name in kind.known_by), {"customer_id": survivor}, voided=row["voided"])
        for row in rows
    ]
    await keep(work, kind, changes)
    return len(changes)


def _after(work: Work, row: Row, key: Sequence[Any], given: Mapping[str, Any], *, voided: bool = False) -> Change:
    """Return a change that comes after all that is known: another host's clock may run ahead of ours."""
    occurred, recorded = max(work.now, row["occurred_at"]), max(work.now, row["recorded_at"])
    return Change(tuple(key), given, occurred, recorded, voided=voided)


async def _answer(work: Work, merged: str, survivor: str, moved: Mapping[str, int], *, unchanged: bool) -> MergeAnswer:
    found = (await current(work.session, kinds.CUSTOMER, work.workspace_id, [(survivor,)]))[(survivor,)]
    aliases = await aliases_of(work, [found["id"]])
    return MergeAnswer(
        id=found["id"],
        reference=survivor,
        version=found["number"],
        merged=merged,
        aliases=aliases[found["id"]],
        moved=dict(moved),
        unchanged=unchanged,
    )
