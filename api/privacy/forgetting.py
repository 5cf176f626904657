"""The sweep after an erasure: whatever else names the person, looked for portion by portion beside the service.

Events, the audit, jobs and analyses may be millions of rows: to read them in the request would keep every writer of
an SQLite database waiting. The names wait sealed, and are gone when the sweep is done.
"""

import base64
import json
import os
from collections.abc import Collection
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import JsonValue
from sqlalchemy import update

from api import jobs
from api.dependencies import Caller, Work, writing_as
from api.idempotency import NONCE_BYTES
from api.jobs import ClaimedJob
from api.privacy.erasing import scrub
from api.privacy.person import searched_holdings
from api.privacy.searching import portion_naming
from api.security import derived_key
from api.settings import settings
from models.access import Scope
from models.database import Database

NOBODY = UUID(int=0)


async def ask_to_forget(work: Work, names: Collection[str]) -> None:
    """Ask for the sweep in the transaction of the erasure."""
    nonce, purpose = os.urandom(NONCE_BYTES), str(work.workspace_id).encode()
    sealed = nonce + _cipher().encrypt(nonce, json.dumps(sorted(names)).encode(), purpose)
    await jobs.enqueue_another(work, jobs.FORGET, {"sealed": base64.b64encode(sealed).decode()})


async def forget_names(database: Database, job: ClaimedJob) -> dict[str, JsonValue]:
    """Take the names out of every table that may hold them inside, then ask for the files to be written anew."""
    names, done = _unsealed(job), dict[str, JsonValue]()
    caller = Caller(job.workspace_id, NOBODY, frozenset({Scope.ADMIN.value}), "worker")
    for holding, table in searched_holdings():
        after: UUID | None = UUID(int=0)
        count = 0
        while after is not None:
            async with writing_as(database, caller) as work:
                rows, after = await portion_naming(work.session, job.workspace_id, holding, table, names, after)
                await scrub(work.session, job.workspace_id, table, rows, names)
                await jobs.extend(work.session, job, work.now)
            count += len(rows)
        done[table.name] = count
    async with writing_as(database, caller) as work:
        mine = (jobs.jobs.c.workspace_id == job.workspace_id) & (jobs.jobs.c.id == job.id)
        await work.session.execute(update(jobs.jobs).where(mine).values(request={}))
        await jobs.enqueue(work, jobs.COMPACT, {})
    return done


def _unsealed(job: ClaimedJob) -> set[str]:
    sealed = base64.b64decode(str(job.request.get("sealed", "")))
    if not sealed:
        return set()  # a sweep cut short after it was done
    purpose = str(job.workspace_id).encode()
    names: list[str] = json.loads(_cipher().decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], purpose))
    return set(names)


def _cipher() -> AESGCM:
    return AESGCM(derived_key(settings().secret, "forgetting"))
