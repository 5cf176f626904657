"""The sweep after an erasure: whatever else names the person, looked for portion by portion beside the service.

Events, the audit, jobs and analyses may be millions of rows: to read them in the request would keep every writer of
an SQLite database waiting. The names wait sealed, and are gone when the sweep is done.
"""

import base64
import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import JsonValue
from sqlalchemy import update

from api import jobs
from api.dependencies import Work
from api.idempotency import NONCE_BYTES
from api.jobs.leases import Held
from api.jobs.queries import is_job
from api.privacy.erasing import scrub
from api.privacy.person import searched_holdings
from api.privacy.searching import portion_naming
from api.security import derived_key
from api.settings import settings

BEGINNING = UUID(int=0)


@dataclass(frozen=True)
class Swept:
    """What one portion of the sweep came to; without a checkpoint it is done."""

    checkpoint: Mapping[str, JsonValue] | None
    counts: Mapping[str, JsonValue]


async def ask_to_forget(work: Work, names: Collection[str]) -> None:
    """Ask for the sweep in the transaction of the erasure."""
    nonce, purpose = os.urandom(NONCE_BYTES), str(work.workspace_id).encode()
    sealed = nonce + _cipher().encrypt(nonce, json.dumps(sorted(names)).encode(), purpose)
    await jobs.enqueue(work, jobs.FORGET, {"sealed": base64.b64encode(sealed).decode()})


async def forget_some(work: Work, held: Held) -> Swept:
    """Take the names out of the next portion of a table that may hold them inside.

    After the last the names go, and the files are asked to be written anew.
    """
    place = dict(held.checkpoint or {"table": 0, "after": BEGINNING.hex, "counts": {}})
    number, after = int(str(place["table"])), UUID(str(place["after"]))
    holding, table = list(searched_holdings())[number]
    names = _unsealed(held)
    rows, further = await portion_naming(work.session, held.workspace_id, holding, table, names, after)
    await scrub(work.session, held.workspace_id, table, rows, names, work.now)
    counts = dict(place["counts"]) if isinstance(place["counts"], dict) else {}
    counts[table.name] = int(str(counts.get(table.name, 0))) + len(rows)
    if further is None:
        number, further = number + 1, BEGINNING
    if number < len(list(searched_holdings())):
        return Swept({"table": number, "after": further.hex, "counts": counts}, counts)
    await work.session.execute(update(jobs.jobs).where(is_job(held.workspace_id, held.id)).values(request={}))
    await jobs.enqueue(work, jobs.COMPACT, {})
    return Swept(None, counts)


def _unsealed(held: Held) -> set[str]:
    sealed = base64.b64decode(str(held.request["sealed"]))
    purpose = str(held.workspace_id).encode()
    names: list[str] = json.loads(_cipher().decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], purpose))
    return set(names)


def _cipher() -> AESGCM:
    return AESGCM(derived_key(settings().secret, "forgetting"))
