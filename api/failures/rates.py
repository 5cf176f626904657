"""stub to be replaced"""

from api.dependencies import Work
from api.failures.schemas import RatesAnswer


async def failure_rates(work: Work, codes: list[str]) -> RatesAnswer:
    raise NotImplementedError
