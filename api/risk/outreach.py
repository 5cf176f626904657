"""What flags are reckoned with, and what is done with those that are raised: discretionary outreach, never redress.

A customer held out of outreach is answered as one who is not flagged, everywhere: no answer, list or event says who.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from api.dependencies import Work
from api.risk import draws, effect, queries
from api.risk.follow_ups import service as follow_ups
from api.risk.schemas import RiskAnswer
from api.workspaces import service as workspaces
from ml.flagging import FlagRule, Stake, Stakes, bar_for, flag
from ml.scoring import Score
from models.follow_up import Arm


async def stakes_of(work: Work) -> Stakes | None:
    """Return what outreach is reckoned with; None where the workspace declares no cost of a contact."""
    cost = (await workspaces.of(work)).outreach.contact_cost
    if cost is None:
        return None
    learnt = await effect.newest(work)
    same = learnt.currency == cost.currency
    return Stakes(cost.amount, cost.currency, learnt.help.mean, learnt.median_value if same else None)


def by_rule(
    score: Score, general: float | None, stake: Stake | None, *, was_flagged: bool, verified: bool
) -> dict[str, Any]:
    """Return what an answer says of a flag by the rule alone; `settled` says what is shown.

    Parameters
    ----------
    general
        The workspace's one threshold.
    stake
        What is at stake with the customer; None where no cost of a contact is declared.
    """
    bar = bar_for(general, stake)
    found = flag(score, bar.threshold, was_flagged=was_flagged, verified=verified)
    return {
        "flagged": found.flagged,
        "threshold": bar.threshold,
        "uncertain": found.uncertain,
        "flag_rule": bar.rule.value,
        "outreach_worth": None if stake is None else stake.worth(score.risk),
    }


@dataclass(frozen=True)
class _Asked:
    """What decides whether a flag is shown."""

    share: float | None
    unwilling: frozenset[UUID]
    drawn: Mapping[UUID, draws.Draw]


async def settled(work: Work, answers: Mapping[UUID, RiskAnswer], before: Mapping[UUID, bool]) -> list[RiskAnswer]:
    """Return answers with the follow-up that comes first, and flagged only where outreach may be offered.

    Parameters
    ----------
    answers
        By customer, flagged by the rule alone.
    before
        Whether a customer was flagged when last assessed: who is, was drawn then.
    """
    owed = await follow_ups.owed_first(work, list(answers))
    flagged = [customer_id for customer_id, answer in answers.items() if answer.flagged]
    asked = await _asked(work, flagged)
    shown = []
    for customer_id, answer in answers.items():
        changed: dict[str, object] = {"follow_up": owed.get(customer_id)}
        if customer_id in asked.unwilling:
            changed |= {"flagged": False, "flag_rule": FlagRule.DO_NOT_CONTACT.value, "outreach_worth": None}
        elif answer.flagged and not before.get(customer_id) and _is_held_out(work, customer_id, answer, asked):
            changed["flagged"] = False
        shown.append(answer.model_copy(update=changed))
    return shown


async def _asked(work: Work, flagged: Sequence[UUID]) -> _Asked:
    share = (await workspaces.of(work)).outreach.hold_out_share
    if not flagged:
        return _Asked(share, frozenset(), draws.NEVER_DRAWN)
    unwilling = await queries.not_to_contact(work.session, work.workspace_id, flagged)
    drawn = await draws.newest(work, flagged) if share is not None else draws.NEVER_DRAWN
    return _Asked(share, unwilling, drawn)


def _is_held_out(work: Work, customer_id: UUID, answer: RiskAnswer, asked: _Asked) -> bool:
    if asked.share is None or answer.flag_rule != FlagRule.COST:
        return False
    return draws.arm_of(work, customer_id, asked.drawn.get(customer_id), asked.share) is Arm.HELD_OUT


async def draw(work: Work, answers: Mapping[UUID, RiskAnswer], before: Mapping[UUID, bool]) -> int:
    """Append the draws of those whose flag is raised by these answers, shown or not; return how many."""
    share = (await workspaces.of(work)).outreach.hold_out_share
    if share is None:
        return 0
    raised = [customer_id for customer_id, answer in answers.items() if _is_raised(answer) and not before[customer_id]]
    horizon = next((answer.horizon_days for answer in answers.values()), 0)
    return await draws.store(work, raised, share, horizon)


def _is_raised(answer: RiskAnswer) -> bool:
    """Return whether the rule raises a flag, whoever is held out: one wanting no contact is under another rule."""
    at = answer.threshold
    return answer.flag_rule == FlagRule.COST and answer.risk is not None and at is not None and answer.risk >= at
