"""Assessing customers: the same work for one customer asked for and for all of them scored."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from api import outbox
from api.customers import service as customers
from api.dependencies import Work
from api.errors import NoSuchThing
from api.events import CustomerAtRisk, CustomerRecovered
from api.failures import service as failures
from api.failures.countermeasures.covering import Covering
from api.recorded import impossible
from api.risk import outreach, queries
from api.risk.schemas import RiskAnswer
from api.risk.seen import seen_now
from api.risk.serving import Serving, serving
from api.risk.wording import FALLBACK, reason_text
from ml.attributes import attribute_features
from ml.explain import Explanation, explain
from ml.exposures import Sighting, exposure_features, lately_present, nearly_complete
from ml.features import FEATURES, served, served_departures, served_features
from ml.flagging import FlagRule, Stakes
from ml.scoring import LEVEL, Score
from models.base import from_us, to_us
from models.ids import uuid7

EVIDENCE_SHOWN = 6
BESIDE = {
    *("as_of", "reason_text", "base_log_odds", "contributions"),
    *("uncertain", "flag_rule", "outreach_worth", "follow_up"),
}
"""What of an answer follows from the rest and from the clock, or is not of the assessment: alone it is no news."""
ACTIVE, LEFT, OBJECTED = "active", "left", "objected"


@dataclass(frozen=True)
class Known:
    """What is known beside a customer's features: conditions seen, evidence, countermeasures, what was said last.

    `stakes` is what outreach is reckoned with, None where no cost of a contact is declared.
    """

    seen: Sequence[Sighting]
    evidence: Mapping[UUID, list[str]]
    covers: Covering
    before: Mapping[Any, Any] | None
    stakes: Stakes | None

    @property
    def was_flagged(self) -> bool:
        """Whether the last assessment flagged the customer."""
        return self.before is not None and bool(self.before["flagged"])

    def verified_since(self, codes: Collection[str]) -> bool:
        """Tell whether a countermeasure on one of some conditions was verified since the last assessment."""
        return self.before is not None and self.covers.verified_since(codes, self.before["as_of"])


async def risk_of(work: Work, reference: str, as_of: datetime | None = None, language: str = FALLBACK) -> RiskAnswer:
    """Return one customer's risk, from everything acknowledged so far or from what was known at a moment."""
    if as_of is not None:
        if as_of > work.now:
            raise impossible("as_of", "in_the_future", "What will be known then is not known yet.")
        work = replace(work, now=as_of)
    known = await customers.customer_ids(work, [reference])
    if reference not in known:
        raise NoSuchThing(f"There is no customer {reference}.")
    return (await assess(work, {known[reference]: reference}, language))[0]


async def risk_of_many(
    work: Work, references: Sequence[str], language: str = FALLBACK
) -> tuple[list[RiskAnswer], list[str]]:
    """Return the risk of those customers that are known, in the order asked, and the references that are not."""
    known = await customers.customer_ids(work, references)
    wanted = [reference for reference in dict.fromkeys(references) if reference in known]
    ids = {known[reference]: reference for reference in wanted}
    assessed = await assess(work, ids, language)
    by_id = dict(zip(ids, assessed, strict=True))
    # Asked for by two references, a customer is answered for each of them.
    answers = [by_id[known[reference]].model_copy(update={"customer": reference}) for reference in wanted]
    return answers, [reference for reference in dict.fromkeys(references) if reference not in known]


async def assess(work: Work, wanted: Mapping[UUID, str], language: str = FALLBACK) -> list[RiskAnswer]:
    """Assess some customers as of now, with their reasons in a language."""
    if not wanted:
        return []
    using = await serving(work)
    covers = await failures.countermeasures(work)
    stakes = await outreach.stakes_of(work)
    asked = served(work.workspace_id, list(wanted), to_us(work.now))
    features = {row["customer_id"]: row for row in (await work.session.execute(served_features(), asked)).mappings()}
    left = {row.customer_id for row in await work.session.execute(served_departures(), asked)}
    sightings = await seen_now(work, wanted)
    seen_in = {sighting.case for seen in sightings.values() for sighting in seen}
    evidence = await _evidence(work, seen_in)
    before = await queries.last_assessments(work.session, work.workspace_id, list(wanted), work.now)
    answers = {}
    for customer_id, reference in wanted.items():
        row = features.get(customer_id, {})
        state = OBJECTED if row.get("objects_to_scoring") else LEFT if customer_id in left else ACTIVE
        if state != ACTIVE:
            answers[customer_id] = RiskAnswer(**unscored(reference, state, using, work.now))
            continue
        about = Known(sightings[customer_id], evidence, covers, before.get(customer_id), stakes)
        answers[customer_id] = RiskAnswer(**assessed(reference, row, using, work.now, about, language))
    return await outreach.settled(work, answers, {id_: last["flagged"] for id_, last in before.items()})


async def _evidence(work: Work, case_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """Return what shows that a condition was there: the case and what was answered about it."""
    if not case_ids:
        return {}
    names, responses = await queries.references(work.session, work.workspace_id, list(case_ids), work.now)
    return {
        case_id: [f"case:{name}", *(f"response:{response}" for response in responses.get(case_id, []))]
        for case_id, name in names.items()
    }


def assessed(
    reference: str, row: Mapping[Any, Any], using: Serving, now: datetime, about: Known, language: str
) -> dict[str, Any]:
    """Return a `RiskAnswer`'s fields by the features found of a customer, and what is known beside them at a moment."""
    moment_us, seen = to_us(now), [one for one in about.seen if one.condition not in using.kept_out]
    raw = {name: None if row.get(name) is None else float(row[name]) for name in FEATURES}
    raw |= attribute_features(row.get("attributes"), using.attributes)
    members = {found.id: found.conditions for found in using.sets}
    verified = {code: to_us(since) for code, since in about.covers.verified_by_condition().items()}
    features = {**raw, **exposure_features(seen, moment_us, members, verified)}
    present = lately_present(seen, moment_us)
    near = nearly_complete(seen, moment_us, members)
    explanation = explain(using.model, features, present=present, sets=using.sets, near=near, linked=using.linked)
    score = Score(explanation.risk, explanation.low, explanation.high)
    value = row.get("value_amount")
    told: dict[str, Any] = {
        "customer": reference,
        "state": ACTIVE,
        "risk": score.risk,
        "low": score.low,
        "high": score.high,
        **_said_of_the_model(using, now),
        **outreach.by_rule(
            score,
            using.threshold,
            None if about.stakes is None else about.stakes.at(value, row.get("value_currency")),
            was_flagged=about.was_flagged,
            verified=about.verified_since(present),
        ),
        "expected_loss": None if value is None else round(score.risk * value),
        "currency": row.get("value_currency") or using.currency,
        "top_set": explanation.top_set,
        "conditions": _conditions(explanation, about),
        "condition_sets": _sets(explanation, using, about.covers),
        "near_sets": [
            {"id": near.id, "conditions": members[near.id], "missing": near.missing} for near in explanation.near_sets
        ],
        "follow_up": None,
        "base_log_odds": explanation.base_log_odds,
        "contributions": [{"feature": one.feature, "log_odds": one.log_odds} for one in explanation.contributions],
    }
    told["reason_text"] = reason_text(told, language)
    return {name: told[name] for name in RiskAnswer.model_fields}


def unscored(reference: str, state: str, using: Serving, now: datetime) -> dict[str, Any]:
    """Return a `RiskAnswer`'s fields for somebody who left or objected: nothing was computed."""
    nothing: dict[str, Any] = {name: [] for name in ("conditions", "condition_sets", "near_sets", "contributions")}
    told = {"customer": reference, "state": state, "flagged": False, "uncertain": False, "currency": using.currency}
    told |= {**nothing, **_said_of_the_model(using, now), "threshold": using.threshold}
    return {name: told.get(name) for name in RiskAnswer.model_fields}


def _said_of_the_model(using: Serving, now: datetime) -> dict[str, Any]:
    return {
        "level": LEVEL,
        "interval_kind": "model",
        "horizon_days": using.model.horizon_days,
        "basis": using.model.basis,
        "n_customers": using.model.n_customers,
        "n_departures": using.model.n_departures,
        "as_of": now,
        "model": using.model_id,
    }


def _conditions(explanation: Explanation, about: Known) -> list[dict[str, Any]]:
    by_code: dict[str, list[Sighting]] = {}
    for sighting in about.seen:
        by_code.setdefault(sighting.condition, []).append(sighting)
    answers = []
    for reason in explanation.conditions:
        sightings = sorted(by_code[reason.code], key=lambda s: -s.since_us)
        shown = [item for sighting in sightings for item in about.evidence.get(sighting.case, [])]
        answers.append(
            {
                "code": reason.code,
                "seen": len(sightings),
                "last_seen": from_us(sightings[0].since_us),
                "risk_without": reason.risk_without,
                "countermeasure": about.covers.of_condition(reason.code),
                "evidence": shown[:EVIDENCE_SHOWN],
            }
        )
    return answers


def _sets(explanation: Explanation, using: Serving, covers: Covering) -> list[dict[str, Any]]:
    if not explanation.condition_sets:
        return []
    found = {str(item.id): item for item in using.found}
    return [
        {
            "id": reason.id,
            "conditions": reason.conditions,
            "status": found[reason.id].status,
            "risk_without": reason.risk_without,
            "risk_broken": reason.risk_broken,
            "rate_with": found[reason.id].rate,
            "rate_low": found[reason.id].rate_low,
            "rate_high": found[reason.id].rate_high,
            "rate_without_any": found[reason.id].rate_without_any,
            "rate_without_any_low": found[reason.id].rate_without_any_low,
            "rate_without_any_high": found[reason.id].rate_without_any_high,
            "cases": found[reason.id].rows,
            "customers": found[reason.id].customers,
            "departures": using.departed.get(reason.id),
            "coverage": covers.of_set(reason.conditions).value,
        }
        for reason in explanation.condition_sets
    ]


async def store_assessments(work: Work, answers: Mapping[UUID, RiskAnswer]) -> int:
    """Append those assessments that say something new; return how many."""
    await queries.hold_assessing(work.session, work.workspace_id)
    before = await queries.last_assessments(work.session, work.workspace_id, list(answers), None)
    await outreach.draw(work, answers, {id_: id_ in before and before[id_]["flagged"] for id_ in answers})
    values = await queries.values_of(work.session, work.workspace_id, list(answers))
    rows, events = [], []
    for customer_id, answer in answers.items():
        digest = _digest(answer, values.get(customer_id))
        last = before.get(customer_id)
        if last is not None and last["feature_hash"] == digest:
            continue
        rows.append(_row(work, customer_id, answer, digest))
        was_flagged = last is not None and last["flagged"]
        if _tells(answer) and answer.flagged != was_flagged:
            events.append(_changed(answer))
    if rows:
        await work.session.execute(insert(queries.assessments), rows)
    await outbox.emit_all(work, events)
    return len(rows)


def _tells(answer: RiskAnswer) -> bool:
    """Return whether a flag raised or cleared is news of the customer.

    Who left, objects or wants no contact has not recovered, nor has anybody where there is no threshold any more.
    """
    scored = answer.state == ACTIVE and answer.threshold is not None
    return scored and answer.flag_rule != FlagRule.DO_NOT_CONTACT


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
        "outreach_worth": answer.outreach_worth,
        "feature_hash": digest,
        "explanation": answer.model_dump(mode="json", exclude={"follow_up"}),
    }


def _digest(answer: RiskAnswer, value: int | None) -> str:
    """Return what an assessment says, but for its moment and for what merely drifts with it.

    The expected loss drifts with the risk; what it is reckoned from, the customer's value, does not. A follow-up is
    told of by itself, and alters no assessment.
    """
    said = answer.model_dump(mode="json", exclude=BESIDE)
    for name in ("risk", "low", "high"):
        said[name] = None if said[name] is None else round(said[name], 2)
    said["expected_loss"] = value if answer.state == ACTIVE else None
    for reason in (*said["conditions"], *said["condition_sets"]):
        reason |= {name: round(reason[name], 2) for name in ("risk_without", "risk_broken") if name in reason}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
