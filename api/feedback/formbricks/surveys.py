"""A whole Formbricks survey: its steps, what stands around them, and when it is open."""

from collections.abc import Iterator, Mapping
from typing import Any

from api.feedback.formbricks.elements import NO_SUCH_KIND, PARTS, READERS, Known, questions_of
from api.feedback.formbricks.jumps import Step, apply_jumps
from api.feedback.formbricks.places import Reading, key_of, members
from models.rules.answers import Misfit
from models.rules.questions import MOST_QUESTIONS

KINDS = frozenset({*READERS, *PARTS, *NO_SUCH_KIND})
NOT_CARRIED: Mapping[str, str] = {
    "variables": "There are no variables: answers only decide what is asked.",
    "hiddenFields": "There are no hidden fields: an invitation or a signed link says whose answer it is.",
    "followUps": "Mails are sent by what listens to `response.received`.",
    "quotas": "Quotas with conditions over there are set anew here.",
    "triggers": "When to ask is the caller's to decide: `POST /v1/eligibility`.",
    "segment": "Whom to ask is the caller's to decide: `POST /v1/eligibility`.",
    "recontactDays": "The rest between contacts is the workspace's: `contact_rest_days`.",
    "displayLimit": "The rest between contacts is the workspace's: `contact_rest_days`.",
    "displayPercentage": "The share of occasions asked is `sample_share`.",
    "singleUse": "Invitations and signed links complete once.",
    "pin": "A page has no PIN; with `open: false` only invitations open it.",
    "surveyClosedMessage": "What a closed survey says is worded by the page.",
    "styling": "Pages are dressed by the workspace's branding.",
    "projectOverwrites": "Pages are dressed by the workspace's branding.",
    "recaptcha": "Open pages are protected without one.",
}


def is_formbricks(document: Mapping[str, Any]) -> bool:
    """Return whether a document has the shape of a Formbricks survey.

    >>> is_formbricks({"questions": [{"id": "a", "type": "openText"}]}), is_formbricks({"questions": []})
    (True, False)
    """
    survey = _survey(document)
    blocks, questions = survey.get("blocks"), survey.get("questions")
    if isinstance(blocks, list) and any(isinstance(block, Mapping) and "elements" in block for block in blocks):
        return True
    return any(str(question.get("type")) in KINDS for _, question in members(questions))


def _survey(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the survey of a document: as the API answers it, it stands under `data`."""
    inner = document.get("data")
    return inner if isinstance(inner, Mapping) else document


def translated(document: Mapping[str, Any]) -> tuple[str, dict[str, Any], list[Misfit]]:
    """Return a key for the survey, its definition as ours, and what is left out.

    Parameters
    ----------
    document
        For which `is_formbricks` holds.
    """
    survey = _survey(document)
    reading = Reading(_language(survey))
    known: dict[str, Known] = {}
    taken: set[str] = set()
    steps = list(_steps(survey))
    for step in steps:
        for pointer, element in _elements(step):
            step.questions += questions_of(reading, pointer, element, known, taken)
    endings = [ending for _, ending in members(survey.get("endings"))]
    questions = [question for step in steps for question in step.questions]
    if len(questions) <= MOST_QUESTIONS:  # of more nothing is made anyway
        apply_jumps(reading, steps, frozenset(str(ending.get("id")) for ending in endings) | {"end"}, known)
    definition = {
        "questions": questions,
        "language": reading.language,
        **_terms(survey),
        **_page(reading, survey, endings),
    }
    name = survey.get("name")
    if isinstance(name, str) and name.strip():
        definition["name"] = name.strip()[:200]
    for member, detail in NOT_CARRIED.items():
        if _says(member, survey.get(member)):
            reading.leave(f"/{member}", "not_carried", detail)
    return key_of(name, (), "survey"), definition, reading.left_out


def _says(member: str, value: Any) -> bool:
    """Return whether a setting that is not carried over said anything."""
    if member == "hiddenFields":
        return isinstance(value, Mapping) and bool(value.get("fieldIds"))
    if isinstance(value, Mapping) and "enabled" in value:
        return bool(value["enabled"])
    return bool(value)


def _language(survey: Mapping[str, Any]) -> str:
    for _, one in members(survey.get("languages")):
        if one.get("default") and isinstance(one.get("language"), Mapping):
            return str(one["language"].get("code") or "en")
    return "en"


def _steps(survey: Mapping[str, Any]) -> Iterator[Step]:
    blocks = survey.get("blocks")
    name = "blocks" if isinstance(blocks, list) and blocks else "questions"
    for place, step in members(survey.get(name)):
        yield Step(str(step.get("id")), f"/{name}/{place}", step)


def _elements(step: Step) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if "elements" not in step.source:
        yield step.pointer, step.source
        return
    for place, element in members(step.source["elements"]):
        yield f"{step.pointer}/elements/{place}", element


def _terms(survey: Mapping[str, Any]) -> dict[str, Any]:
    """Return when it is open, how many answers it wants, and whether it shows one question at a time, as there."""
    named = {"opens_at": "runOnDate", "closes_at": "closeOnDate"}
    found: dict[str, Any] = {ours: survey[theirs] for ours, theirs in named.items() if survey.get(theirs)}
    most = survey.get("autoComplete")
    if isinstance(most, int) and most > 0:
        found["quotas"] = [{"key": "all", "limit": most}]
    together = any(len(list(_elements(step))) > 1 for step in _steps(survey))
    return found if together else {**found, "layout": "one"}


def _page(reading: Reading, survey: Mapping[str, Any], endings: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what a page says: of the welcome card the title and what follows, of the first ending the thanks."""
    page: dict[str, Any] = {}
    welcome = survey.get("welcomeCard")
    if isinstance(welcome, Mapping) and welcome.get("enabled"):
        page["title"] = reading.texts("/welcomeCard/headline", welcome.get("headline"))
        page["intro"] = reading.texts("/welcomeCard/html", welcome.get("html"), welcome.get("subheader"))
    thanked = False
    for place, ending in enumerate(endings):
        if ending.get("type") == "endScreen" and not thanked:
            thanked = True
            page["thanks"] = reading.texts(f"/endings/{place}", ending.get("headline"), ending.get("subheader"))
            if ending.get("buttonLink"):
                reading.leave(f"/endings/{place}/buttonLink", "link", "The page that says thanks has no button.")
        else:
            reading.leave(
                f"/endings/{place}", "ending", "There is one page that says thanks, and none leads elsewhere."
            )
    page = {name: texts for name, texts in page.items() if texts}
    return {"page": page} if page else {}
