"""From a survey's questions to the fields of a page: which are shown, in which words, with what was typed."""

from collections.abc import Mapping, Sequence
from typing import Any

from api import languages
from api.feedback.hosted import Hosted
from api.pages.chrome import Chrome, chrome_for, message
from api.pages.complaints import bounds
from api.pages.contexts import Field, FormPage, Option, Row
from api.pages.dress import dressed
from api.pages.fields import shown_again
from api.pages.notices import notice
from api.pages.steps import Step, ahead_of
from models.rules.answers import CANNOT_SAY, LONGEST_TEXT, SCALES, Question, scale_of
from models.rules.questions import sampled, visible

WIDGETS: Mapping[str, str] = {
    **dict.fromkeys(SCALES, "scale"),
    "yes_no": "radios",
    "choice": "radios",
    "choices": "checkboxes",
    "consent": "consent",
    "text": "lines",
    "number": "number",
    "date": "date",
    "matrix": "table",
    "ranking": "ranks",
}

Typed = Mapping[str, Sequence[str]]


def questions_for(hosted: Hosted, seed: str, answers: Mapping[str, Any]) -> list[Question]:
    """Return the questions put to one visitor who answered like this; what was answered before stays asked."""
    asked = sampled(hosted.survey.questions, seed)
    chosen = {question["key"] for question in asked} | {key for key, said in answers.items() if said is not None}
    return [question for question in visible(hosted.survey.questions, answers) if question["key"] in chosen]


def typed_of(questions: Sequence[Question], answers: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the field values that say answers kept earlier."""
    typed: dict[str, list[str]] = {}
    for question in questions:
        key = question["key"]
        if question.get(CANNOT_SAY) and key in answers and answers[key] is None:
            typed[key] = [CANNOT_SAY]
        typed |= shown_again(question, answers.get(key))
    return typed


def with_score(questions: Sequence[Question], score: str | None) -> dict[str, list[str]]:
    """Return the field value that an address' `?score=` chooses before anything is sent: that of the first scale."""
    scale = next((question for question in questions if question["kind"] in SCALES), None)
    if scale is None or score is None:
        return {}
    low, high = scale_of(scale)
    return {scale["key"]: [score]} if score in map(str, range(low, high + 1)) else {}


class Wording:
    """The words of one survey in one language, with the company's name where they leave room for it.

    Parameters
    ----------
    hosted
        The survey.
    language
        The language its texts are shown in.
    chrome
        The language the page itself speaks.
    """

    def __init__(self, hosted: Hosted, language: str, chrome: Chrome) -> None:
        self.language = language
        self.chrome = chrome
        self.company = hosted.company
        self.default = hosted.survey.details.get("language")
        self.page: Mapping[str, Any] = hosted.survey.details.get("page") or {}

    def text(self, texts: Mapping[str, str] | None) -> str:
        """Return a text in the page's language, else the nearest."""
        return languages.text_in(texts, self.language, self.default).replace("{company}", self.company)

    def of_page(self, name: str) -> str:
        """Return what the survey's author wrote for a part of the page; empty where nothing is."""
        return self.text(self.page.get(name))


def wording_of(hosted: Hosted, wanted: Sequence[str | None], own: str | None = None) -> Wording:
    """Return the words for a visitor, in the first wanted language that the survey knows.

    The page itself speaks the first wanted language that has a catalogue; what the browser asks for comes last in it.

    Parameters
    ----------
    hosted
        The survey.
    wanted
        What was said of the language here: by the address, by the invitation.
    own
        The browser's languages, as its header names them.
    """
    offered = languages.languages_of(hosted.survey.questions)
    browser = languages.accepted(own or "")
    language = languages.choose(offered, [*wanted, *browser], hosted.survey.details.get("language"))
    return Wording(hosted, language, chrome_for([*wanted, language, *browser]))


def form_page(
    hosted: Hosted,
    step: Step,
    words: Wording,
    carried: Sequence[tuple[str, str]],
    *,
    typed: Typed,
    errors: Mapping[str, str] | None = None,
) -> FormPage:
    """Return the context of a page that asks questions."""
    chrome, branding = words.chrome, hosted.workspace.branding
    further = bool(step.before)
    title = words.of_page("title")
    own = chrome.say(message("One more thing") if further and not step.single else message("How did we do?"))
    return FormPage(
        company=hosted.company,
        chrome=chrome,
        title=title or own,
        dress=dressed(branding.logo_url, branding.colour),
        framed_by=hosted.framed_by,
        language=words.language,
        direction=languages.direction(words.language),
        intro="" if further else words.of_page("intro"),
        own_title=bool(title),
        about=None if further else notice(hosted, chrome),
        fields=[_field(question, words, typed, (errors or {}).get(question["key"], "")) for question in step.shown],
        carried=carried,
        progress=step.progress(chrome),
        can_go_back=ahead_of(step) is not None,
        last=step.last and not _leads_on(step, hosted),
        resumed=bool(hosted.answers) and not errors and not further,
    )


def _leads_on(step: Step, hosted: Hosted) -> bool:
    """Return whether what is answered here may make a further question due."""
    asked = {question["key"] for question in step.asked}
    rules = [str(question.get("show_if")) for question in hosted.survey.questions if question["key"] not in asked]
    return step.single and any(f"'answers.{key}'" in rule for rule in rules for key in step.keys)


def _field(question: Question, words: Wording, typed: Typed, error: str) -> Field:
    key, kind = question["key"], question["kind"]
    given = list(typed.get(key, ()))
    say = words.chrome.say
    return Field(
        key=key,
        widget="steps" if question.get("labels") else WIDGETS[kind],
        label=words.text(question["texts"]),
        required=bool(question.get("required")),
        value=given[-1] if given else "",
        options=_options(question, words, given),
        rows=_rows(question, words, typed),
        low=words.text(question.get("low_texts")),
        high=words.text(question.get("high_texts")),
        least=_bound(question, "min"),
        most=str(question.get("max_length", LONGEST_TEXT)) if kind == "text" else _bound(question, "max"),
        hint=_hint(question, words.chrome),
        aside=_option(CANNOT_SAY, say(message("I can't say")), given) if question.get(CANNOT_SAY) else None,
        error=error,
    )


def _hint(question: Question, chrome: Chrome) -> str:
    """Return what is asked for beside the label, where the field does not show it."""
    if question["kind"] == "number":
        return bounds(chrome, question)
    if question["kind"] == "ranking":
        return chrome.say(message("Give each its place: 1 is the first."))
    return chrome.say(message("Choose all that apply.")) if question["kind"] == "choices" else ""


def _option(value: str, label: str, given: Sequence[str], *, own: bool = True) -> Option:
    return Option(value, label, value in given, own=own)


def _options(question: Question, words: Wording, given: Sequence[str]) -> list[Option]:
    kind = question["kind"]
    if kind in SCALES:
        labels = question.get("labels") or {}
        steps = [str(step) for step in _steps(question)]
        return [_option(step, words.text(labels.get(step)) or step, given, own=False) for step in steps]
    if kind == "yes_no":
        pairs = [("yes", message("Yes")), ("no", message("No"))]
        return [_option(value, words.chrome.say(label), given) for value, label in pairs]
    if kind == "consent":
        return [_option("yes", words.text(question["texts"]), given, own=False)]
    if kind in {"choice", "choices"}:
        return [_option(one["key"], words.text(one["texts"]), given, own=False) for one in question["choices"]]
    return []


def _steps(question: Question) -> range:
    low, high = scale_of(question)
    return range(low, high + 1)


def _rows(question: Question, words: Wording, typed: Typed) -> list[Row]:
    key, kind = question["key"], question["kind"]
    if kind not in {"matrix", "ranking"}:
        return []
    choices = question["choices"]
    if kind == "matrix":
        pairs = [(choice["key"], words.text(choice["texts"])) for choice in choices]
        named = question["rows"]
    else:
        pairs = [(str(place), str(place)) for place in range(1, len(choices) + 1)]
        named = choices
    rows = []
    for row in named:
        name = f"{key}.{row['key']}"
        given = list(typed.get(name, ()))
        options = [Option(value, label, value in given) for value, label in pairs]
        rows.append(Row(name, words.text(row["texts"]), options))
    return rows


def _bound(question: Question, name: str) -> str:
    bound = question.get(name)
    return "" if bound is None else f"{bound:g}" if isinstance(bound, float) else str(bound)
