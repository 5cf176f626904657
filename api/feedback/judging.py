"""What a response says: whether it fits its survey, how satisfied it is, and whether its case failed.

An answer is judged when it is complete. Half an answer is kept and says nothing yet: its author may be about to say
the opposite, and an event once told cannot be taken back.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from api.errors import Malformed
from api.feedback.invitations import Invited
from models.rules.answers import CANNOT_SAY, Misfit, Question, effort_of, kept_as, score_of
from models.rules.failure import failed
from models.rules.fitting import misfits
from models.rules.outcome import FailureDefinition

NOTHING: Mapping[str, Any] = MappingProxyType(
    {"customer_id": None, "case_id": None, "claimed_customer": None, "claimed_case": None}
)
"""About nobody and no case."""


def about_by(invited: Invited) -> dict[str, Any]:
    """Return what a response is about by right of an invitation; a case nobody reported yet stays a claim."""
    claimed = invited.link_case if invited.case_id is None else None
    return {**NOTHING, "customer_id": invited.customer_id, "case_id": invited.case_id, "claimed_case": claimed}


def check_fit(
    questions: Sequence[Question],
    answers: Mapping[str, Any],
    *,
    complete: bool,
    before: Mapping[str, Any] | None = None,
) -> None:
    """Refuse answers that do not fit their questions."""
    wrong = misfits(questions, answers, complete=complete, before=before)
    if wrong:
        raise AnswersMisfit(wrong)


class AnswersMisfit(Malformed):
    """Answers that do not fit their questions; each is named."""

    def __init__(self, wrong: Sequence[Misfit]) -> None:
        errors = [{"pointer": item.pointer, "code": item.code, "detail": item.detail} for item in wrong]
        super().__init__(f"Correct {', '.join(item.pointer for item in wrong[:5])}.", errors=errors)


def judge(
    questions: Sequence[Question],
    answers: Mapping[str, Any],
    about: Mapping[str, Any],
    definition: FailureDefinition,
    *,
    complete: bool,
) -> dict[str, Any]:
    """Return the fields of a revision that are read from its answers."""
    if CANNOT_SAY in answers.values():
        by_key = {question["key"]: question for question in questions}
        answers = {key: kept_as(by_key[key], value) for key, value in answers.items()}
    # A claim nobody has proved makes no failure.
    claimed = about["claimed_customer"] is not None or about["claimed_case"] is not None
    judges = complete and definition.asks_the_customer and not claimed
    return {
        "answers": answers,
        "complete": complete,
        "score": score_of(questions, answers) if complete else None,
        "effort": effort_of(questions, answers) if complete else None,
        "failure": failed(definition.rule, answers, {}) if judges else None,
    }
