"""Invitations that a mail scanner opened: noticed in memory, since a GET writes nothing, and marked a little later.

Memory is a process's own and bounded: where several serve, a scanner whose requests are spread over them may be seen
late or by none. The mark stands beside the invitation; what is answered by it is kept like any other answer.
"""

import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from api.dependencies import Work
from api.feedback import queries
from models.database import Database
from models.rules.scanners import IN_A_ROW, is_scanned

MOST_REMEMBERED = 20_000
MOST_OPENINGS = 12
"""Of one mail: as many as the longest scale has steps."""
SUSPECTED_SECONDS = 600.0
"""For so long what is answered after a scan is marked with the answer, not only beside it."""

Proof = tuple[UUID, str]
"""The workspace, and which invitation or signed link of it."""


class Scanners:
    """The links opened lately, and the invitations that wait to be marked.

    Parameters
    ----------
    clock
        Seconds, from any beginning.
    most
        Mails remembered; the one opened longest ago is forgotten first.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = MOST_REMEMBERED) -> None:
        self.most = most
        self.waiting: dict[tuple[UUID, UUID], float] = {}
        self._clock = clock
        self._opened: OrderedDict[Proof, list[tuple[float, str]]] = OrderedDict()
        self._scanned: OrderedDict[Proof, float] = OrderedDict()

    def note(self, proof: Proof, score: str, invitation_id: UUID | None) -> None:
        """Note that a mail's link for a score was opened.

        Parameters
        ----------
        proof
            Which mail.
        score
            What the link chooses.
        invitation_id
            What is to be marked; a signed link that nobody has answered has none yet.
        """
        now = self._clock()
        lately = [one for one in self._opened.pop(proof, []) if now - one[0] <= IN_A_ROW]
        self._opened[proof] = [*lately, (now, score)][-MOST_OPENINGS:]
        if is_scanned(self._opened[proof]):
            self._scanned[proof] = now
            self._scanned.move_to_end(proof)
            if invitation_id is not None and len(self.waiting) < self.most:
                self.waiting[proof[0], invitation_id] = now
        for remembered in (self._opened, self._scanned):
            while len(remembered) > self.most:
                remembered.popitem(last=False)

    def suspects(self, proof: Proof) -> bool:
        """Return whether a mail's links were opened by a scanner a moment ago."""
        return self._clock() - self._scanned.get(proof, -SUSPECTED_SECONDS) < SUSPECTED_SECONDS

    async def flush(self, database: Database) -> int:
        """Mark what waits, a transaction a workspace; return how many invitations. What cannot be marked waits on."""
        found: defaultdict[UUID, list[UUID]] = defaultdict(list)
        for workspace_id, invitation_id in self.waiting:
            found[workspace_id].append(invitation_id)
        for workspace_id, ids in found.items():
            async with database.write(workspace_id) as session:
                for invitation_id in sorted(ids):
                    await _mark(session, workspace_id, invitation_id, database.clock.now())
            for invitation_id in ids:
                self.waiting.pop((workspace_id, invitation_id), None)
        return sum(map(len, found.values()))


async def mark(work: Work, invitation_id: UUID) -> None:
    """Mark an invitation in the transaction of the answer that came by it."""
    await _mark(work.session, work.workspace_id, invitation_id, work.now)


async def _mark(session: AsyncSession, workspace_id: UUID, invitation_id: UUID, now: datetime) -> None:
    of = queries.invitations.c
    unmarked = (of.workspace_id == workspace_id, of.id == invitation_id, of.scanner_suspected_at.is_(None))
    said = {"scanner_suspected_at": now, "stored_at": now}
    await session.execute(update(queries.invitations).where(*unmarked).values(said))
