"""The scorecard as a workspace edits it: each change is a version with a reason, and what it names is checked."""

from collections.abc import Collection, Sequence
from itertools import zip_longest
from typing import Any
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import func, insert, select

from api import audit
from api.dependencies import Work
from api.errors import Malformed, NoSuchThing
from api.listing import Asked, answers_of
from api.paging import page_by
from api.risk import queries
from api.risk.beliefs import all_versions, believed_at, versions
from api.risk.scorecard_schemas import (
    BeliefAnswer,
    BeliefBody,
    ScorecardAnswer,
    ScorecardBody,
    ScorecardInForce,
    TermInForce,
)
from api.risk.serving import admitted
from api.workspaces import service as workspaces
from ml.attributes import BEGINS, parts_of
from ml.protected import PROTECTED_ATTRIBUTES
from ml.scorecard import Scorecard, Term, base_intercept, scorecard_for
from ml.tailoring import Belief, why_not
from models.ids import uuid7


class UnknownFeature(Malformed):
    """The scorecard here has no such feature."""

    code = "unknown_feature"


class ProtectedFeature(Malformed):
    """A protected attribute is never a feature."""

    code = "protected_feature"


class NamedTwice(Malformed):
    """A feature is named twice in one scorecard."""

    code = "named_twice"


REFUSED = {kind.code: kind for kind in (UnknownFeature, ProtectedFeature, NamedTwice)}


async def store(work: Work, body: ScorecardBody) -> ScorecardAnswer:
    """Append a version of the scorecard; it counts from now on."""
    _check(body.terms, await _published(work), (await workspaces.of(work)).fairness_by)
    await queries.hold_models(work.session, work.workspace_id)
    newest = select(func.max(versions.c.number)).where(versions.c.workspace_id == work.workspace_id)
    terms = {told.feature: Belief(told.weight, told.sd, told.scale).to_dict() for told in body.terms}
    row: dict[str, Any] = {
        "workspace_id": work.workspace_id,
        "id": uuid7(),
        "number": (await work.session.scalar(newest) or 0) + 1,
        "terms": terms,
        "yearly_loss": body.yearly_loss,
        "reason": body.reason,
        "actor": work.caller.actor,
        "recorded_at": work.now,
    }
    await work.session.execute(insert(versions).values(row))
    changed: dict[str, JsonValue] = {"number": row["number"], "yearly_loss": body.yearly_loss}
    changed["features"] = [*sorted(terms)]
    await audit.note(work, "scorecard.changed", str(row["id"]), changed)
    return _answer(row)


async def _published(work: Work) -> Scorecard:
    """Return the published scorecard for the workspace's conditions and sets: what can be believed otherwise."""
    may = await admitted(work)
    protected = PROTECTED_ATTRIBUTES | may.kept_out
    return scorecard_for(may.codes, [str(item.id) for item in may.sets], protected=protected)


def _check(terms: Sequence[BeliefBody], published: Scorecard, grouped: Collection[str]) -> None:
    """Refuse what nobody may believe anything of, each by its name."""
    errors, seen = [], set[str]()
    for place, told in enumerate(terms):
        refused = why_not(told.feature, published)
        wrong = _wrong_with(told, grouped)
        if refused is not None:
            errors.append((place, refused.code, refused.detail))
        elif told.feature in seen:
            errors.append((place, "named_twice", f"{told.feature} is named twice. Name it once."))
        elif wrong is not None:
            errors.append((place, *wrong))
        seen.add(told.feature)
    if errors:
        raise REFUSED.get(errors[0][1], Malformed)(
            " ".join(detail for _, _, detail in errors[:5]),
            errors=[
                {"pointer": f"/terms/{place}/feature", "code": code, "detail": detail} for place, code, detail in errors
            ],
        )


def _wrong_with(told: BeliefBody, grouped: Collection[str]) -> tuple[str, str] | None:
    """Return the code and the detail of what is wrong with what is said of a feature that there is."""
    feature = told.feature
    if not feature.startswith(BEGINS):
        if told.scale is not None:
            return "unexpected", f"{feature} has a scale of its own. Leave `scale` out."
        return None if {told.weight, told.sd} != {None} else ("missing", f"{feature} needs a weight, an sd, or both.")
    name, level = parts_of(feature)
    if name in grouped:
        detail = f"{name} is in the workspace's `fairness_by`: what a model is looked at by is never a feature of it."
        return "protected_feature", f"{detail} Leave it out, or take it out there."
    if level is None and told.scale is None:
        return "missing", f"{feature} is read by its number and needs a `scale`. A level is named {feature}=gold."
    if level is not None and told.scale is not None:
        return "unexpected", f"{feature} holds or does not. Leave `scale` out."
    return None


async def in_force(work: Work) -> ScorecardInForce:
    """Return the scorecard that counts now, each term beside the published one."""
    held = await believed_at(work.session, work.workspace_id, work.now)
    found = await workspaces.of(work)
    published = await _published(work)
    own = held.scorecard(_named(published, "seen:"), _named(published, "set:"), found.fairness_by)
    loss = held.loss(found.yearly_loss)
    told = "scorecard" if held.yearly_loss is not None else "assumed" if found.yearly_loss is None else "workspace"
    return ScorecardInForce(
        id=held.id,
        number=held.number,
        yearly_loss=loss,
        yearly_loss_from=told,
        horizon_days=found.horizon_days,
        intercept=base_intercept(loss, found.horizon_days),
        terms=[_term(term, before) for term, before in zip_longest(own.terms, published.terms)],
    )


def _term(term: Term, before: Term | None) -> TermInForce:
    """Tell of a term beside the published one; attributes have none, and come after all that do."""
    return TermInForce(
        feature=term.feature,
        weight=term.weight,
        sd=term.sd,
        published_weight=None if before is None else before.weight,
        published_sd=None if before is None else before.sd,
        scale=dict(term.transform.parameters)["scale"] if _is_by_number(term.feature) else None,
    )


def _is_by_number(feature: str) -> bool:
    return feature.startswith(BEGINS) and parts_of(feature)[1] is None


def _named(scorecard: Scorecard, prefix: str) -> list[str]:
    """Return the conditions or sets that a scorecard has terms for, by what their features begin with."""
    return [feature.removeprefix(prefix) for feature in scorecard.features if feature.startswith(prefix)]


async def read(work: Work, scorecard_id: UUID) -> ScorecardAnswer:
    """Return a version."""
    statement = all_versions(work.workspace_id).where(versions.c.id == scorecard_id)
    row = (await work.session.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NoSuchThing(f"There is no scorecard {scorecard_id}. `GET /v1/scorecards` lists the versions.")
    return _answer(row)


async def list_versions(work: Work, asked: Asked) -> tuple[list[ScorecardAnswer], str | None]:
    """Return a page of versions, oldest first."""
    statement = all_versions(work.workspace_id)
    if asked.updated_since is not None:
        statement = statement.where(versions.c.recorded_at >= asked.updated_since)
    page = page_by(statement, (versions.c.recorded_at, versions.c.id), asked.cursor, asked.limit)
    return await answers_of(work, asked, page, _answer, "recorded_at")


def _answer(row: queries.Row) -> ScorecardAnswer:
    terms = [BeliefAnswer(feature=feature, **{"scale": None, **told}) for feature, told in sorted(row["terms"].items())]
    return ScorecardAnswer(terms=terms, **{name: row[name] for name in ScorecardAnswer.model_fields if name != "terms"})
