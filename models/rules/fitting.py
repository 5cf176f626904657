"""Whether all answers of a response fit the survey: nothing unknown, nothing hidden, nothing lacking."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.rules.answers import Misfit, Question, fit_of, is_answered, kept_as, lacks_answer, pointer_to
from models.rules.questions import visible


def misfits(
    questions: Sequence[Question],
    answers: Mapping[str, Any],
    *,
    complete: bool,
    before: Mapping[str, Any] | None = None,
) -> list[Misfit]:
    """Return what is wrong with answers; none means they can be stored.

    Parameters
    ----------
    questions
        A survey version's questions: `key`, `kind`, `required`, `show_if`, and by kind `min`, `max`, `choices`, `rows`.
    answers
        By question key. `None` counts as not answered; of a question with `cannot_say` it means *can't say*, as the
        text `cannot_say` does.
    complete
        Whether required questions must be answered.
    before
        What the same person answered in earlier steps.

    Examples
    --------
    >>> asked = [{"key": "satisfaction", "kind": "rating", "min": 1, "max": 5, "required": True}]
    >>> misfits(asked, {"satisfaction": 2}, complete=True)
    []
    >>> [misfit.code for misfit in misfits(asked, {"satisfaction": 6, "mood": 1}, complete=True)]
    ['out_of_range', 'unknown_question']
    """
    by_key = {question["key"]: question for question in questions}
    together = {**(before or {}), **answers}
    asked = visible(questions, together)
    shown = by_key if len(asked) == len(questions) else {question["key"]: question for question in asked}
    found: list[Misfit] = []
    for key, value in answers.items():
        if key not in by_key:
            found.append(Misfit(pointer_to(key), "unknown_question", f"The survey asks no question {key!r}."))
        elif key not in shown and is_answered(value):
            detail = "This question is not asked of somebody who answered like this."
            found.append(Misfit(pointer_to(key), "hidden_question", detail))
        else:
            found += fit_of(by_key[key], value)
    if complete:
        wrong = {misfit.pointer for misfit in found}
        needed = {key: question for key, question in shown.items() if question.get("required")}
        lacking = [
            lacks_answer(question, together.get(key))
            for key, question in needed.items()
            if pointer_to(key) not in wrong and not (question.get("cannot_say") and key in together)
        ]
        found += [misfit for misfit in lacking if misfit is not None]
    return found


def merged(questions: Sequence[Question], before: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return answers laid over those of earlier steps, without those to questions that are not asked any more.

    >>> rule = {"all": [{"field": "answers.ok", "op": "eq", "value": False}]}
    >>> asked = [{"key": "ok", "kind": "yes_no"}, {"key": "why", "kind": "text", "show_if": rule}]
    >>> merged(asked, {"ok": False, "why": "late"}, {"ok": True})
    {'ok': True}
    """
    together = {**before, **answers}
    shown = {question["key"]: question for question in visible(questions, together)}
    return {key: kept_as(shown[key], value) for key, value in together.items() if key in shown}
