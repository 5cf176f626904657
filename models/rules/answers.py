"""Whether an answer fits its question, and what answers say on the common scales."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

LONGEST_TEXT = 10_000
LARGEST_NUMBER = 1e12
DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")

CANNOT_SAY = "cannot_say"
"""The answer of somebody who has nothing to say to a question; kept as nothing, which counts as missing."""

Question = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Misfit:
    """An answer that does not fit its question: where, a stable code, and what to do."""

    pointer: str
    code: str
    detail: str


def is_answered(value: Any) -> bool:
    """Return whether a value says anything: nothing, and nothing typed, are no answer.

    >>> is_answered(None), is_answered("  "), is_answered([]), is_answered(0), is_answered(False)
    (False, False, False, True, True)
    """
    if isinstance(value, str):
        return bool(value.strip())
    return value is not None and value not in ([], {})


def kept_as(question: Question, value: Any) -> Any:
    """Return an answer as it is kept: *can't say* is nothing where the question allows it.

    >>> kept_as({"cannot_say": True}, "cannot_say"), kept_as({"cannot_say": True}, 3), kept_as({}, "cannot_say")
    (None, 3, 'cannot_say')
    """
    return None if value == CANNOT_SAY and question.get("cannot_say") else value


def pointer_to(key: str) -> str:
    """Return the JSON pointer to the answer to a question."""
    return f"/answers/{key.replace('~', '~0').replace('/', '~1')}"


def fit_of(question: Question, value: Any) -> Iterable[Misfit]:
    """Return what is wrong with one answer to its question."""
    check = CHECKS.get(question["kind"])
    if kept_as(question, value) is not None and check is not None:
        for code, detail in check(question, value):
            yield Misfit(pointer_to(question["key"]), code, detail)


def lacks_answer(question: Question, value: Any) -> Misfit | None:
    """Return what is wrong where a question that must be answered is not."""
    if question["kind"] == "consent" and value is not True:
        lacks = "consent_needed", "Without this consent the answer cannot be taken."
    elif not is_answered(value):
        lacks = "required", "This question needs an answer."
    elif question["kind"] == "matrix" and any(not is_answered(value.get(row["key"])) for row in question["rows"]):
        lacks = "required", "Every row of this question needs an answer."
    else:
        return None
    return Misfit(pointer_to(question["key"]), *lacks)


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


def _matrix(question: Question, value: Any) -> Iterable[tuple[str, str]]:
    rows = [row["key"] for row in question["rows"]]
    keys = [choice["key"] for choice in question["choices"]]
    if not isinstance(value, dict):
        yield "wrong_type", "An object with a choice for each row is needed."
    elif set(value) - set(rows):
        yield "unknown_row", f"Only the rows {', '.join(rows)} are asked."
    elif any(item is not None and item not in keys for item in value.values()):
        yield "unknown_choice", f"One of {', '.join(keys)} is needed in each row."


def _yes_no(_question: Question, value: Any) -> Iterable[tuple[str, str]]:
    if not isinstance(value, bool):
        yield "wrong_type", "true or false is needed."


def _day(_question: Question, value: Any) -> Iterable[tuple[str, str]]:
    try:
        fits = isinstance(value, str) and DAY.match(value) is not None and date.fromisoformat(value) is not None
    except ValueError:
        fits = False
    if not fits:
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
    "matrix": _matrix,
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
