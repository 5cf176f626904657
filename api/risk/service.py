"""Assessing customers: the same work for one customer asked for and for all of them scored."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from api import outbox
from api.customers import service as customers
from api.dependencies import Work
from api.errors import NoSuchThing
from api.events import CustomerAtRisk, CustomerRecovered
from api.recorded import impossible
from api.risk import queries
from api.risk.schemas import ConditionAnswer, NearSetAnswer, RiskAnswer, SetAnswer
from api.risk.seen import seen_now
from api.risk.serving import Serving, serving
from ml.explain import Explanation, explain
from ml.exposures import Sighting, exposure_features, lately_present, nearly_complete
from ml.features import FEATURES, customer_departures, customer_features, some_moments
from ml.flagging import flag
from ml.scoring import LEVEL, Score
from models.base import from_us, to_us
from models.ids import uuid7

EVIDENCE_SHOWN = 6
ACTIVE, LEFT, OBJECTED = "active", "left", "objected"


async def risk_of(work: Work, reference: str, as_of: datetime | None = None) -> RiskAnswer:
    """Return one customer's risk, from everything acknowledged so far or from what was known at a moment."""
    if as_of is not None:
        if as_of > work.now:
            raise impossible("as_of", "in_the_future", "What will be known then is not known yet.")
        work = replace(work, now=as_of)
    known = await customers.customer_ids(work, [reference])
    if reference not in known:
        raise NoSuchThing(f"There is no customer {reference}.")
    return (await assess(work, {known[reference]: reference}))[0]


async def risk_of_many(work: Work, references: Sequence[str]) -> tuple[list[RiskAnswer], list[str]]:
    """Return the risk of those customers that are known, in the order asked, and the references that are not."""
    known = await customers.customer_ids(work, references)
    wanted = [reference for reference in dict.fromkeys(references) if reference in known]
    ids = {known[reference]: reference for reference in wanted}
    assessed = await assess(work, ids)
    by_id = dict(zip(ids, assessed, strict=True))
    # Asked for by two references, a customer is answered for each of them.
    answers = [by_id[known[reference]].model_copy(update={"customer": reference}) for reference in wanted]
    return answers, [reference for reference in dict.fromkeys(references) if reference not in known]


async def assess(work: Work, wanted: Mapping[UUID, str]) -> list[RiskAnswer]:
    """Assess some customers as of now."""
    if not wanted:
        return []
    using = await serving(work)
    moment_us = to_us(work.now)
    moments = some_moments(work.workspace_id, list(wanted), moment_us)
    features = {row["customer_id"]: row for row in (await work.session.execute(customer_features(moments))).mappings()}
    left = {row.customer_id for row in await work.session.execute(customer_departures(moments))}
    sightings = await seen_now(work, wanted)
    seen_in = {sighting.case for seen in sightings.values() for sighting in seen}
    evidence = await _evidence(work, seen_in)
    before = await queries.last_assessments(work.session, work.workspace_id, list(wanted), work.now)
    answers = []
    for customer_id, reference in wanted.items():
        row = features.get(customer_id, {})
        state = OBJECTED if row.get("objects_to_scoring") else LEFT if customer_id in left else ACTIVE
        if state != ACTIVE:
            answers.append(_unscored(reference, state, using, work))
            continue
        seen = sightings[customer_id]
        was_flagged = bool(before[customer_id]["flagged"]) if customer_id in before else False
        answers.append(_assessed(reference, row, seen, using, work, evidence, was_flagged=was_flagged))
    return answers


async def _evidence(work: Work, case_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """Return what shows that a condition was there: the case and what was answered about it."""
    if not case_ids:
        return {}
    names, responses = await queries.references(work.session, work.workspace_id, list(case_ids), work.now)
    return {
        case_id: [f"case:{name}", *(f"response:{response}" for response in responses.get(case_id, []))]
        for case_id, name in names.items()
    }


def _assessed(
    reference: str,
    row: Mapping[Any, Any],
    seen: Sequence[Sighting],
    using: Serving,
    work: Work,
    evidence: Mapping[UUID, list[str]],
    *,
    was_flagged: bool,
) -> RiskAnswer:
    moment_us = to_us(work.now)
    raw = {name: None if row.get(name) is None else float(row[name]) for name in FEATURES}
    members = {found.id: found.conditions for found in using.sets}
    features = {**raw, **exposure_features(seen, moment_us, members)}
    present = lately_present(seen, moment_us)
    near = nearly_complete(seen, moment_us, members)
    explanation = explain(using.model, features, present=present, sets=using.sets, near=near)
    score = Score(explanation.risk, explanation.low, explanation.high)
    value = row.get("value_amount")
    return RiskAnswer(
        customer=reference,
        state=ACTIVE,
        risk=score.risk,
        low=score.low,
        high=score.high,
        **_said_of_the_model(using, work),
        flagged=flag(score, using.threshold, was_flagged=was_flagged).flagged,
        expected_loss=None if value is None else round(score.risk * value),
        currency=row.get("value_currency") or using.currency,
        top_set=explanation.top_set,
        reason_text=explanation.reason_text,
        conditions=_conditions(explanation, seen, evidence),
        condition_sets=_sets(explanation, using),
        near_sets=[NearSetAnswer(id=UUID(near.id), missing=near.missing) for near in explanation.near_sets],
        follow_up=None,
    )


def _unscored(reference: str, state: str, using: Serving, work: Work) -> RiskAnswer:
    """Return the answer for somebody who left or objected: nothing was computed."""
    return RiskAnswer(
        customer=reference,
        state=state,
        risk=None,
        low=None,
        high=None,
        **_said_of_the_model(using, work),
        flagged=False,
        expected_loss=None,
        currency=using.currency,
        top_set=None,
        reason_text=None,
        conditions=[],
        condition_sets=[],
        near_sets=[],
        follow_up=None,
    )


def _said_of_the_model(using: Serving, work: Work) -> dict[str, Any]:
    return {
        "level": LEVEL,
        "interval_kind": "model",
        "horizon_days": using.model.horizon_days,
        "basis": using.model.basis,
        "n_customers": using.model.n_customers,
        "n_departures": using.model.n_departures,
        "threshold": using.threshold,
        "as_of": work.now,
        "model": using.model_id,
    }


def _conditions(
    explanation: Explanation, seen: Sequence[Sighting], evidence: Mapping[UUID, list[str]]
) -> list[ConditionAnswer]:
    answers = []
    for reason in explanation.conditions:
        sightings = sorted((s for s in seen if s.condition == reason.code), key=lambda s: -s.since_us)
        shown = [item for sighting in sightings for item in evidence.get(sighting.case, [])]
        answers.append(
            ConditionAnswer(
                code=reason.code,
                seen=len(sightings),
                last_seen=from_us(sightings[0].since_us),
                risk_without=reason.risk_without,
                countermeasure="none",
                evidence=shown[:EVIDENCE_SHOWN],
            )
        )
    return answers


def _sets(explanation: Explanation, using: Serving) -> list[SetAnswer]:
    found = {str(item.id): item for item in using.found}
    return [
        SetAnswer(
            id=UUID(reason.id),
            conditions=list(reason.conditions),
            status=found[reason.id].status,
            risk_without=reason.risk_without,
            rate_with=found[reason.id].rate,
            rate_without_any=found[reason.id].rate_without_any,
            customers=found[reason.id].customers,
            coverage="open",
        )
        for reason in explanation.condition_sets
    ]


async def store_assessments(work: Work, answers: Mapping[UUID, RiskAnswer]) -> int:
    """Append those assessments that say something new; return how many."""
    await queries.hold_assessing(work.session, work.workspace_id)
    before = await queries.last_assessments(work.session, work.workspace_id, list(answers), None)
    values = await queries.values_of(work.session, work.workspace_id, list(answers))
    rows, events = [], []
    for customer_id, answer in answers.items():
        digest = _digest(answer, values.get(customer_id))
        last = before.get(customer_id)
        if last is not None and last["feature_hash"] == digest:
            continue
        rows.append(_row(work, customer_id, answer, digest))
        was_flagged = last is not None and last["flagged"]
        # Who left or objects has not recovered, nor has anybody where there is no threshold any more.
        if answer.state == ACTIVE and answer.threshold is not None and answer.flagged != was_flagged:
            events.append(_changed(answer))
    if rows:
        await work.session.execute(insert(queries.assessments), rows)
    await outbox.emit_all(work, events)
    return len(rows)


def _changed(answer: RiskAnswer) -> outbox.NewEvent:
    told = CustomerAtRisk if answer.flagged else CustomerRecovered
    said = {name for name in told.model_fields if name != "version"}
    return told(**answer.model_dump(include=said)).event()


def _row(work: Work, customer_id: UUID, answer: RiskAnswer, digest: str) -> dict[str, Any]:
    return {
        "workspace_id": work.workspace_id,
        "id": uuid7(),
        "customer_id": customer_id,
        "model_id": None if answer.model == "prior" else UUID(answer.model),
        "as_of": answer.as_of,
        "recorded_at": work.now,
        "state": answer.state,
        "risk": answer.risk,
        "low": answer.low,
        "high": answer.high,
        "basis": answer.basis,
        "flagged": answer.flagged,
        "expected_loss": answer.expected_loss,
        "feature_hash": digest,
        "explanation": answer.model_dump(mode="json"),
    }


def _digest(answer: RiskAnswer, value: int | None) -> str:
    """Return what an assessment says, but for its moment and for what merely drifts with it.

    The expected loss drifts with the risk; what it is reckoned from, the customer's value, does not.
    """
    said = answer.model_dump(mode="json", exclude={"as_of", "reason_text"})
    for name in ("risk", "low", "high"):
        said[name] = None if said[name] is None else round(said[name], 2)
    said["expected_loss"] = value if answer.state == ACTIVE else None
    for condition in (*said["conditions"], *said["condition_sets"]):
        condition["risk_without"] = round(condition["risk_without"], 2)
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
