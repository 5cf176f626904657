"""Aliases: which customer a reference leads to after a merge, for everybody who asks and everybody who stores.

A merged customer's reference goes on as an alias. Asking resolves it in `queries.ids_by_reference`. Storing resolves
once more here, in the moment of storing: a merge that came between the two must not be stored past.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from api import kinds
from api.customers import queries
from api.dependencies import Work
from models.recording import Change, RecordKind

POINTING = "customer_id"


async def of_survivors(work: Work, kind: RecordKind, changes: Sequence[Change]) -> Sequence[Change]:
    """Return changes as being of the customers there are: aliases written as the survivors they lead to."""
    if kind is kinds.CUSTOMER:
        names = await _own_names(work, (change.key[0] for change in changes))
        return [replace(change, key=(names[change.key[0]],)) for change in changes]
    named = {change.given[POINTING] for change in changes if change.given.get(POINTING) is not None}
    gone = await queries.held_survivors(work.session, work.workspace_id, named)
    return [
        replace(change, given={**change.given, POINTING: gone[change.given[POINTING]]})
        if change.given.get(POINTING) in gone
        else change
        for change in changes
    ]


async def _own_names(work: Work, references: Iterable[str]) -> dict[str, str]:
    """Return by reference the one its customer goes by, and keep those customers from being merged meanwhile.

    Only survivors are held, in the order in which whoever stores something of customers holds them.
    """
    session, workspace_id = work.session, work.workspace_id
    wanted = set(references)
    found = await queries.survivors_of_references(session, workspace_id, wanted)
    names = {reference: found.get(reference, reference) for reference in wanted}
    late = await queries.survivors_of_references(session, workspace_id, names.values(), hold=True)
    return {reference: late.get(name, name) for reference, name in names.items()}


async def known_as(work: Work, reference: str) -> str:
    """Return the reference of the customer a reference leads to: itself unless it is an alias."""
    found = await queries.survivors_of_references(work.session, work.workspace_id, [reference])
    return found.get(reference, reference)


async def aliases_of(work: Work, ids: Iterable[UUID]) -> dict[UUID, list[str]]:
    """Return by customer the references of those who were merged into them."""
    return await queries.aliases(work.session, work.workspace_id, ids)
