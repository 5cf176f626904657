"""How often cases failed their customers under each combination of some conditions."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import product

from sqlalchemy import Connection

from api.dependencies import Work
from api.errors import NoSuchThing, NotAboutThis
from api.failures import queries
from api.failures.schemas import RateRow, RatesAnswer, Window
from api.workspaces import service as workspaces
from ml.case_matrix import PRESENT, CaseMatrix, CataloguedCondition, read_case_matrix
from models.base import to_us
from models.rules.conditions import parse_rule
from models.rules.statistics import clustered_share

OUTCOME = "failure"


async def catalogue(work: Work) -> list[CataloguedCondition]:
    """Return the conditions there are, as the miner knows them."""
    zone = (await workspaces.of(work)).zone
    rows = (await work.session.execute(queries.current_conditions(work.workspace_id))).mappings()
    return [
        CataloguedCondition(row["reference"], None if row["rule"] is None else parse_rule(row["rule"], zone=zone))
        for row in sorted(rows, key=lambda row: row["reference"])
    ]


async def case_matrix(
    work: Work, conditions: Sequence[CataloguedCondition], window: Window | None = None, strata: str | None = None
) -> CaseMatrix:
    """Read the workspace's cases with a known outcome, of some time where one is given."""
    found = await workspaces.of(work)
    definition, zone = found.failure, found.zone
    ends = (window.start, window.end) if window is not None else (None, None)
    start, end = (None if moment is None else to_us(moment) for moment in ends)

    def read(connection: Connection) -> CaseMatrix:
        now_us = to_us(work.now)
        return read_case_matrix(
            connection, work.workspace_id, definition, conditions, now_us, window=(start, end), strata=strata, zone=zone
        )

    connection = await work.session.connection()
    return await connection.run_sync(read)


async def failure_rates(work: Work, codes: Sequence[str]) -> RatesAnswer:
    """Return the failure rate under each combination of the conditions named, most present last."""
    wanted = list(dict.fromkeys(codes))
    known = {condition.code: condition for condition in await catalogue(work)}
    for code in wanted:
        if code not in known:
            raise NoSuchThing(f"There is no condition {code}.")
    matrix = await case_matrix(work, [known[code] for code in wanted])
    if matrix.refused:
        code, shared = next(iter(matrix.refused.items()))
        raise NotAboutThis(
            f"The condition {code} reads {', '.join(sorted(shared))}, which the failure definition reads too.",
            code="condition_defines_outcome",
        )
    return RatesAnswer(
        outcome=OUTCOME,
        cases=len(matrix.failed),
        failures=sum(matrix.failed),
        rows=[_row(matrix, wanted, combination) for combination in product((False, True), repeat=len(wanted))],
    )


def _row(matrix: CaseMatrix, wanted: Sequence[str], combination: Sequence[bool]) -> RateRow:
    places = [matrix.conditions.index(code) for code in wanted]
    meant = [PRESENT if there else 0.0 for there in combination]
    by_customer: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for states, failed, customer in zip(matrix.states, matrix.failed, matrix.customers, strict=True):
        if [states[place] for place in places] == meant:
            by_customer[customer][0] += failed
            by_customer[customer][1] += 1
    cases = sum(size for _, size in by_customer.values())
    share = clustered_share([(failures, size) for failures, size in by_customer.values()]) if cases else None
    return RateRow(
        conditions=dict(zip(wanted, combination, strict=True)),
        cases=cases,
        customers=len(by_customer),
        failures=sum(failures for failures, _ in by_customer.values()),
        rate=None if share is None else share.value,
        low=None if share is None else share.low,
        high=None if share is None else share.high,
    )
