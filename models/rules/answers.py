"""Whether answers fit their questions, and what they say on the common scales."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

LONGEST_TEXT = 10_000
LARGEST_NUMBER = 1e12

Question = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Misfit:
    """An answer that does not fit its question: where, a stable code, and what to do."""

    pointer: str
    code: str
    detail: str


def misfits(questions: Sequence[Question], answers: Mapping[str, Any], *, complete: bool) -> list[Misfit]:
    """Return what is wrong with answers; none means they can be stored.

    Parameters
    ----------
    questions
        A survey version's questions: `key`, `kind`, `required`, and by kind `min`, `max`, `choices`.
    answers
        By question key. `None` means *can't say* and counts as not answered.
    complete
        Whether required questions must be answered.

    Examples
    --------
    >>> asked = [{"key": "satisfaction", "kind": "rating", "min": 1, "max": 5, "required": True}]
    >>> misfits(asked, {"satisfaction": 2}, complete=True)
    []
    >>> [misfit.code for misfit in misfits(asked, {"satisfaction": 6, "mood": 1}, complete=True)]
    ['out_of_range', 'unknown_question']
    """
    by_key = {question["key"]: question for question in questions}
    found: list[Misfit] = []
    for key, value in answers.items():
        pointer = f"/answers/{key.replace('~', '~0').replace('/', '~1')}"
        if key not in by_key:
            found.append(Misfit(pointer, "unknown_question", f"The survey asks no question {key!r}."))
        elif value is not None:
            found += [Misfit(pointer, code, detail) for code, detail in _check(by_key[key], value)]
    if complete:
        lacking = [key for key, question in by_key.items() if question.get("required") and answers.get(key) is None]
        found += [Misfit(f"/answers/{key}", "required", "This question needs an answer.") for key in lacking]
    return found


def _check(question: Question, value: Any) -> Iterable[tuple[str, str]]:
    check = CHECKS.get(question["kind"])
    if check is not None:
        yield from check(question, value)


def _scale(question: Question, value: Any) -> Iterable[tuple[str, str]]:
    low, high = scale_of(question)
    if not isinstance(value, int) or isinstance(value, bool):
        yield "wrong_type", f"A whole number from {low} to {high} is needed."
    elif not low <= value <= high:
        yield "out_of_range", f"A whole number from {low} to {high} is needed."


def _number(question: Question, value: Any) -> Iterable[tuple[str, str]]:
    low, high = question.get("min", -LARGEST_NUMBER), question.get("max", LARGEST_NUMBER)
    if not isinstance(value, int | float) or isinstance(value, bool):
        yield "wrong_type", "A number is needed."
    elif not low <= value <= high:
        yield "out_of_range", f"A number from {low:g} to {high:g} is needed."


def _text(question: Question, value: Any) -> Iterable[tuple[str, str]]:
    longest = question.get("max_length", LONGEST_TEXT)
    if not isinstance(value, str):
        yield "wrong_type", "A text is needed."
    elif len(value) > longest:
        yield "too_long", f"At most {longest} characters."


def _choice(question: Question, value: Any) -> Iterable[tuple[str, str]]:
    keys = [choice["key"] for choice in question["choices"]]
    if value not in keys:
        yield "unknown_choice", f"One of {', '.join(keys)} is needed."


def _choices(question: Question, value: Any) -> Iterable[tuple[str, str]]:
    keys = {choice["key"] for choice in question["choices"]}
    if not isinstance(value, list) or any(not isinstance(item, str) for item in value):
        yield "wrong_type", "A list of choices is needed."
    elif set(value) - keys:
        yield "unknown_choice", f"Some of {', '.join(sorted(keys))} are needed."
    elif len(set(value)) < len(value):
        yield "repeated_choice", "Each choice at most once."


def _yes_no(_question: Question, value: Any) -> Iterable[tuple[str, str]]:
    if not isinstance(value, bool):
        yield "wrong_type", "true or false is needed."


def _day(_question: Question, value: Any) -> Iterable[tuple[str, str]]:
    try:
        date.fromisoformat(value)
    except (TypeError, ValueError):
        yield "wrong_type", "A day like 2026-05-04 is needed."


CHECKS: Mapping[str, Callable[[Question, Any], Iterable[tuple[str, str]]]] = {
    "rating": _scale,
    "nps": _scale,
    "csat": _scale,
    "ces": _scale,
    "yes_no": _yes_no,
    "consent": _yes_no,
    "choice": _choice,
    "choices": _choices,
    "ranking": _choices,
    "text": _text,
    "number": _number,
    "date": _day,
}

SCALES = {"rating": (1, 5), "csat": (1, 5), "nps": (0, 10), "ces": (1, 7)}


def scale_of(question: Question) -> tuple[int, int]:
    """Return the ends of a question's scale."""
    low, high = SCALES[question["kind"]]
    return question.get("min", low), question.get("max", high)


def score_of(questions: Sequence[Question], answers: Mapping[str, Any]) -> float | None:
    """Return what the customer said overall on a scale from 0 to 10, None where nothing was said.

    It is the first answered question with `metric_key` satisfaction or nps, stretched to 0-10.

    >>> asked = [{"key": "s", "kind": "rating", "min": 1, "max": 5, "metric_key": "satisfaction"}]
    >>> score_of(asked, {"s": 2}), score_of(asked, {})
    (2.5, None)
    """
    for question in questions:
        value = answers.get(question["key"])
        if question.get("metric_key") in {"satisfaction", "nps"} and value is not None:
            low, high = scale_of(question)
            return (float(value) - low) / (high - low) * 10
    return None


def effort_of(questions: Sequence[Question], answers: Mapping[str, Any]) -> float | None:
    """Return how hard it was for the customer, 1 to 7 with 7 hard, None where nothing was said.

    >>> effort_of([{"key": "e", "kind": "ces"}], {"e": 6})
    6.0
    """
    for question in questions:
        value = answers.get(question["key"])
        if question["kind"] == "ces" and value is not None:
            return float(value)
    return None
