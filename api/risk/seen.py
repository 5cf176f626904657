"""Which conditions are present in customers' cases now, with what time alone brought about since rules last looked."""

from collections.abc import Collection
from uuid import UUID

from api.dependencies import Work
from api.failures import waking
from ml.exposures import Sighting
from ml.features import LOOK_BACK_US, served, served_conditions
from models.base import from_us, to_us
from models.failure import ObservedState


async def seen_now(work: Work, customer_ids: Collection[UUID]) -> dict[UUID, list[Sighting]]:
    """Return by customer what is present in their cases, each condition once a case."""
    moment_us = to_us(work.now)
    asked = served(work.workspace_id, list(customer_ids), moment_us)
    seen: dict[UUID, dict[tuple[UUID, str], Sighting]] = {customer_id: {} for customer_id in customer_ids}
    for row in await work.session.execute(served_conditions(), asked):
        seen[row.customer_id][row.case_id, row.condition] = Sighting(row.case_id, row.condition, row.since_us)
    remembered = from_us(moment_us - LOOK_BACK_US)
    for customer_id, case_id, step in await waking.steps_overdue(work, customer_ids, opened_after=remembered):
        place = case_id, step.condition
        if step.state == ObservedState.PRESENT.value:
            seen[customer_id][place] = Sighting(case_id, step.condition, step.moment_us)
        else:
            seen[customer_id].pop(place, None)
    return {customer_id: list(found.values()) for customer_id, found in seen.items()}
