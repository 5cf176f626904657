"""Judging: every live countermeasure compared before and after it went live, from the cases as they stand."""

import asyncio
from collections.abc import Callable, Sequence

import numpy as np

from api.dependencies import Work, utc_now, writing_as
from api.failures import queries
from api.failures.countermeasures import effects
from api.failures.countermeasures import queries as countermeasures
from api.failures.countermeasures.covering import Covering, Row, covering
from api.failures.countermeasures.effects import OUTCOME, Judged
from api.failures.rates import case_matrix, catalogue
from api.handlers import worker_caller
from api.jobs.leases import Held, Leases
from api.learner.known_sets import SetHistory, histories, known_set
from ml.case_matrix import CaseMatrix
from ml.effects.cases import Cases, Question
from ml.effects.judging import judge
from models.base import to_us
from models.rules.coverage import WORKING

Tell = Callable[[float, str], None]


async def judge_all(leases: Leases, held: Held, tell: Tell) -> None:
    """Judge a workspace's live countermeasures and keep what came of it."""
    tell(0.05, "reading")
    async with leases.database.read(held.workspace_id) as session:
        reading = Work(session, held.workspace_id, worker_caller(held.workspace_id), utc_now())
        found = await covering(reading)
        live = [row for row in found.rows if found.standings[row["id"]] in WORKING]
        matrix = await case_matrix(reading, await catalogue(reading), strata="team") if live else None
        sets = await _sets(reading)
        in_force = await countermeasures.analysis_in_force(session, held.workspace_id, OUTCOME)
    tell(0.4, "judging")
    judged = [] if matrix is None else await asyncio.to_thread(_judged, matrix, found, live, sets, to_us(reading.now))
    tell(0.9, "storing")
    async with writing_as(leases.database, worker_caller(held.workspace_id)) as work:
        kept = [await effects.keep(work, one, in_force) for one in judged]
        await leases.done(work.session, held, {"judged": len(judged), "kept": sum(kept)})


async def _sets(work: Work) -> list[SetHistory]:
    """Return the sets that analyses confirmed at some time, and those that people drew and did not set aside."""
    whole = await countermeasures.whole_analyses(work.session, work.workspace_id, OUTCOME)
    told = await countermeasures.history_of_sets(work.session, work.workspace_id, OUTCOME)
    drawn = (await work.session.execute(queries.proposed_sets(work.workspace_id, OUTCOME))).mappings().all()
    said = await queries.said_of_sets(work.session, work.workspace_id)
    return histories(whole, told, drawn, said)


def _judged(
    matrix: CaseMatrix, found: Covering, live: Sequence[Row], sets: Sequence[SetHistory], now_us: int
) -> list[Judged]:
    cases = _cases(matrix)
    return [_one(cases, found, row, sets, now_us) for row in live]


def _cases(matrix: CaseMatrix) -> Cases:
    customers = np.unique(np.array(matrix.customers, dtype=str), return_inverse=True)[1].reshape(-1)
    shape = (len(matrix.failed), len(matrix.conditions))
    return Cases(
        codes=matrix.conditions,
        X=np.array(matrix.states, dtype=float).reshape(shape),
        failed=np.array(matrix.failed, dtype=bool),
        customer=customers.astype(np.intp),
        times_us=np.array(matrix.times, dtype=np.int64),
        team=np.array(matrix.strata, dtype=str),
    )


def _one(cases: Cases, found: Covering, row: Row, sets: Sequence[SetHistory], now_us: int) -> Judged:
    conditions = frozenset(row["conditions"])
    concerned = [one for one in sets if conditions & one.members]
    asked = Question(
        conditions=tuple(row["conditions"]),
        live_us=to_us(row["live_from"]),
        now_us=now_us,
        team=row["team"],
        elsewhere=_elsewhere(cases, found, row),
        sets=tuple(known_set(one, found, row["team"]) for one in concerned),
        others=tuple(tuple(sorted(one.members)) for one in sets),
    )
    told = judge(cases, asked)
    confirmed = found.confirmed.get(row["id"])
    again = [
        one
        for one in concerned
        if confirmed is not None and one.returned_at is not None and one.returned_at > confirmed
    ]
    return Judged(row, told.figures, told.verified_for, told.rising, told_by_analysis=bool(again))


def _elsewhere(cases: Cases, found: Covering, row: Row) -> frozenset[str]:
    """Return the teams that have no live countermeasure on any of the conditions; none where all teams have one."""
    if row["team"] is None:
        return frozenset()
    beside = [
        other
        for other in found.rows
        if found.standings[other["id"]] in WORKING and set(other["conditions"]) & set(row["conditions"])
    ]
    having = {other["team"] for other in beside}
    if None in having:
        return frozenset()
    return frozenset(str(team) for team in np.unique(cases.team) if team and team not in having)
