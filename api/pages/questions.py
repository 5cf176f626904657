"""From a survey's questions to the fields of a page: which are shown, in which words, with what was typed."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.feedback.hosted import Hosted
from api.pages import languages
from api.pages.contexts import Field, FormPage, Option, Row
from api.pages.fields import shown_again
from models.rules.answers import LONGEST_TEXT, SCALES, Question, scale_of
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
        typed |= shown_again(question, answers.get(question["key"]))
    return typed


def with_score(questions: Sequence[Question], score: str | None) -> dict[str, list[str]]:
    """Return the field value that an address' `?score=` chooses before anything is sent: that of the first scale."""
    scale = next((question for question in questions if question["kind"] in SCALES), None)
    if scale is None or score is None:
        return {}
    low, high = scale_of(scale)
    return {scale["key"]: [score]} if score in map(str, range(low, high + 1)) else {}


class Wording:
    """The words of one survey in one language, with the company's name where they leave room for it."""

    def __init__(self, hosted: Hosted, language: str) -> None:
        self.language = language
        self.company = hosted.company
        self.default = hosted.survey.details.get("language")
        self.page: Mapping[str, Any] = hosted.survey.details.get("page") or {}

    def text(self, texts: Mapping[str, str] | None) -> str:
        """Return a text in the page's language, else the nearest."""
        return languages.text_in(texts, self.language, self.default).replace("{company}", self.company)

    def of_page(self, name: str, otherwise: str = "") -> str:
        """Return what the survey's author wrote for a part of the page."""
        return self.text(self.page.get(name)) or otherwise


def language_of(hosted: Hosted, wanted: Sequence[str | None]) -> str:
    """Return the language a page speaks: the first wanted one that the survey knows."""
    offered = languages.languages_of(hosted.survey.questions)
    return languages.choose(offered, wanted, hosted.survey.details.get("language"))


def form_page(
    hosted: Hosted,
    questions: Sequence[Question],
    language: str,
    carried: Sequence[tuple[str, str]],
    *,
    typed: Typed,
    errors: Mapping[str, str] | None = None,
    further: bool = False,
) -> FormPage:
    """Return the context of a page that asks questions."""
    words = Wording(hosted, language)
    return FormPage(
        company=hosted.company,
        language=language,
        direction=languages.direction(language),
        title=words.of_page("title", "How did we do?" if not further else "One more thing"),
        intro="" if further else words.of_page("intro"),
        linked=hosted.linked,
        fields=[_field(question, words, typed, (errors or {}).get(question["key"], "")) for question in questions],
        carried=carried,
        can_pause=hosted.arrival.token is not None or hosted.arrival.link is not None,
        resumed=bool(hosted.answers) and not errors and not further,
        further=further,
        framed_by=hosted.framed_by,
    )


def _field(question: Question, words: Wording, typed: Typed, error: str) -> Field:
    key, kind = question["key"], question["kind"]
    given = list(typed.get(key, ()))
    return Field(
        key=key,
        widget=WIDGETS[kind],
        label=words.text(question["texts"]),
        required=bool(question.get("required")),
        value=given[-1] if given else "",
        options=_options(question, words, given),
        rows=_rows(question, words, typed),
        low=words.text(question.get("low_texts")),
        high=words.text(question.get("high_texts")),
        least=_bound(question, "min"),
        most=str(question.get("max_length", LONGEST_TEXT)) if kind == "text" else _bound(question, "max"),
        error=error,
    )


def _options(question: Question, words: Wording, given: Sequence[str]) -> list[Option]:
    kind = question["kind"]
    if kind in SCALES:
        low, high = scale_of(question)
        pairs = [(str(step), str(step)) for step in range(low, high + 1)]
    elif kind == "yes_no":
        pairs = [("yes", "Yes"), ("no", "No")]
    elif kind == "consent":
        pairs = [("yes", words.text(question["texts"]))]
    elif kind in {"choice", "choices"}:
        pairs = [(choice["key"], words.text(choice["texts"])) for choice in question["choices"]]
    else:
        return []
    return [Option(value, label, value in given) for value, label in pairs]


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
