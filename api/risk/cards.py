"""A model's card: what it is for and not for, what it was learnt from, how it did, and what people decided of it."""

from uuid import UUID

from api.dependencies import Work
from api.risk import reports
from api.risk.decisions import decisions_on
from api.risk.registry import answer, find
from api.risk.schemas import CardAnswer, DecisionAnswer, ReportAnswer, WeightAnswer
from api.risk.serving import opened
from api.speaking import message
from api.workspaces import service as workspaces
from models.registry import Watched

PURPOSE = message(
    "The probability that a customer leaves within the horizon, for offering follow-ups. "
    "This score must not decide a customer's terms or redress."
)
LABEL = message(
    "A departure that was reported, of any kind but a mere signal, within the horizon after a gap of a week. "
    "Associations with it are not causes of it."
)


async def read_card(work: Work, model_id: UUID) -> CardAnswer:
    """Return a model's card; what a document that must not be used says is not repeated."""
    row = await find(work, model_id)
    model, refused = opened(row)
    weights = [] if model is None else zip(model.scorecard.terms, model.weights, strict=True)
    told = [
        DecisionAnswer(**{name: each[name] for name in DecisionAnswer.model_fields})
        for each in await decisions_on(work, model_id)
    ]
    return CardAnswer(
        **dict(answer(row)),
        usable=model is not None,
        refused=refused,
        purpose=PURPOSE,
        label=LABEL,
        horizon_days=None if model is None else model.horizon_days,
        threshold=None if model is None else model.threshold,
        intercept=None if model is None else model.intercept,
        weights=[WeightAnswer(feature=term.feature, weight=weight) for term, weight in weights],
        decisions=told,
        drift=await reports.newest(work, row, Watched.DRIFT),
        fairness=await reports.newest(work, row, Watched.FAIRNESS),
        comparison=await reports.newest(work, row, Watched.COMPARISON),
    )


async def read_report(work: Work, model_id: UUID, kind: Watched) -> ReportAnswer:
    """Return what watching a model came to last."""
    return await reports.newest(work, await find(work, model_id), kind)


async def company(work: Work) -> str:
    """Return what a card calls whoever uses the model."""
    found = await workspaces.of(work)
    return found.branding.name or found.name
