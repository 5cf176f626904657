"""What makes a survey's definition sound, and which of its questions are asked of whom.

`show_if` is a rule of the language of conditions over the answers to earlier questions; a question is shown only where
its rule holds. The server that checks an answer and the page that asks for it call the same functions.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from json import dumps, loads
from typing import Any

from models.rules.answers import SCALES, Misfit, Question, is_answered, kept_as, scale_of
from models.rules.conditions import Rule, RuleRefused, parse_rule

MOST_QUESTIONS = 100
MOST_CHOICES = 100
LONGEST_SCALE = 10
"""Steps between the ends of a scale: more do not fit beside each other."""
ANSWERS = "answers."


class QuestionKind(StrEnum):
    """What a question asks for."""

    RATING = "rating"
    NPS = "nps"
    CSAT = "csat"
    CES = "ces"
    YES_NO = "yes_no"
    CHOICE = "choice"
    CHOICES = "choices"
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    MATRIX = "matrix"
    RANKING = "ranking"
    CONSENT = "consent"


OF_CHOICES = frozenset({QuestionKind.CHOICE, QuestionKind.CHOICES, QuestionKind.RANKING, QuestionKind.MATRIX})
BOUNDED = frozenset({*SCALES, QuestionKind.NUMBER})
# Which members a question of only some kinds can have.
MEMBERS: Mapping[str, frozenset[str]] = {
    "choices": OF_CHOICES,
    "rows": frozenset({QuestionKind.MATRIX}),
    "min": BOUNDED,
    "max": BOUNDED,
    "max_length": frozenset({QuestionKind.TEXT}),
    "low_texts": frozenset(SCALES),
    "high_texts": frozenset(SCALES),
    "labels": frozenset(SCALES),
    "cannot_say": frozenset(SCALES),
}


def faults(questions: Sequence[Question]) -> list[Misfit]:
    """Return what is wrong with a survey's questions; none means they can be asked.

    Parameters
    ----------
    questions
        In the order asked, each of the documented shape: `key`, `kind`, `texts`, and by kind `choices`, `rows`,
        `min`, `max`, `max_length`, `labels`, `cannot_say`, `show_if`, `sample`.

    Examples
    --------
    >>> why = {"key": "why", "kind": "text", "texts": {"en": "Why?"}}
    >>> [(fault.pointer, fault.code) for fault in faults([why, why])]
    [('/questions/1/key', 'repeated_key')]
    """
    found: list[Misfit] = []
    if not questions:
        found.append(Misfit("/questions", "empty", "A survey asks at least one question."))
    if len(questions) > MOST_QUESTIONS:
        found.append(Misfit("/questions", "too_many", f"A survey asks at most {MOST_QUESTIONS} questions."))
    earlier: list[str] = []
    for place, question in enumerate(questions):
        pointer = f"/questions/{place}"
        if question["key"] in earlier:
            found.append(Misfit(f"{pointer}/key", "repeated_key", f"{question['key']} is asked before."))
        found += [Misfit(f"{pointer}{fault.pointer}", fault.code, fault.detail) for fault in _of_one(question)]
        found += [
            Misfit(f"{pointer}{fault.pointer}", fault.code, fault.detail)
            for fault in _of_condition(question, earlier, {other["key"] for other in questions})
        ]
        earlier.append(question["key"])
    return found


def _of_one(question: Question) -> Iterator[Misfit]:
    kind = question["kind"]
    for member, kinds in MEMBERS.items():
        if question.get(member) is not None and kind not in kinds:
            yield Misfit(f"/{member}", "unfit_member", f"A question of the kind {kind} has no {member}.")
    if kind in OF_CHOICES:
        yield from _of_keys("choices", question.get("choices"))
    if kind == QuestionKind.MATRIX:
        yield from _of_keys("rows", question.get("rows"))
    if kind in BOUNDED:
        yield from _of_bounds(question)
    if kind in SCALES and question.get("labels") is not None:
        low, high = scale_of(question)
        if set(question["labels"]) != {str(step) for step in range(int(low), int(high) + 1)}:
            yield Misfit("/labels", "label_steps", f"Every step from {low} to {high} needs its label, and no other.")
    if kind == QuestionKind.CONSENT and question.get("metric_key") is not None:
        yield Misfit("/metric_key", "unfit_member", "A consent is not measured.")
    if question.get("sample") is not None and question.get("required"):
        yield Misfit("/sample", "sampled_required", "A question not asked of everybody cannot be required.")


def _of_keys(member: str, choices: Any) -> Iterator[Misfit]:
    if not choices:
        yield Misfit(f"/{member}", "missing", f"This kind of question needs {member}.")
        return
    if len(choices) > MOST_CHOICES:
        yield Misfit(f"/{member}", "too_many", f"At most {MOST_CHOICES}.")
    seen: set[str] = set()
    for place, choice in enumerate(choices):
        if choice["key"] in seen:
            yield Misfit(f"/{member}/{place}/key", "repeated_key", f"{choice['key']} stands here before.")
        seen.add(choice["key"])


def _of_bounds(question: Question) -> Iterator[Misfit]:
    kind, low, high = question["kind"], question.get("min"), question.get("max")
    if kind in SCALES:
        least, most = SCALES[kind]
        low, high = (least if low is None else low), (most if high is None else high)
        whole = all(isinstance(end, int) for end in (low, high))
        if not whole or low < 0 or high - low > LONGEST_SCALE:
            yield Misfit("/max", "scale_form", f"A scale has whole ends from 0, at most {LONGEST_SCALE} steps apart.")
        if kind == QuestionKind.NPS and (low, high) != SCALES[kind]:
            yield Misfit("/max", "scale_form", "The scale of an nps question is 0 to 10.")
    if low is not None and high is not None and low >= high:
        yield Misfit("/max", "scale_form", "max lies above min.")


def _of_condition(question: Question, earlier: Sequence[str], known: Collection[str]) -> Iterator[Misfit]:
    if question.get("show_if") is not None:
        yield from rule_faults("/show_if", question["show_if"], earlier, known)


def rule_faults(pointer: str, document: Any, readable: Collection[str], known: Collection[str]) -> Iterator[Misfit]:
    """Return what is wrong with a rule over answers.

    Parameters
    ----------
    pointer
        Where the rule stands.
    document
        The rule, as decoded from JSON.
    readable
        The questions answered where it is asked.
    known
        All questions of the survey.
    """
    try:
        rule = parse_rule(document)
    except RuleRefused as refused:
        yield Misfit(f"{pointer}{refused.pointer}", refused.code, refused.detail)
        return
    for name in sorted(rule.reads):
        key = name.removeprefix(ANSWERS)
        if not name.startswith(ANSWERS) or key not in known:
            yield Misfit(pointer, "unknown_question", f"{name} is no answer to a question of this survey.")
        elif key not in readable:
            yield Misfit(pointer, "later_question", f"{key} is not asked before this question.")


def visible(questions: Sequence[Question], answers: Mapping[str, Any]) -> list[Question]:
    """Return the questions that are asked of somebody who answered like this.

    What was answered to a question that is not asked counts for nothing, here neither.

    Examples
    --------
    >>> rule = {"all": [{"field": "answers.ok", "op": "eq", "value": False}]}
    >>> asked = [{"key": "ok", "kind": "yes_no"}, {"key": "why", "kind": "text", "show_if": rule}]
    >>> [[q["key"] for q in visible(asked, given)] for given in ({"ok": True}, {"ok": False}, {})]
    [['ok'], ['ok', 'why'], ['ok']]
    """
    if not any(question.get("show_if") for question in questions):
        return list(questions)
    facts: dict[str, Any] = {}
    shown: list[Question] = []
    for question in questions:
        document = question.get("show_if")
        if document and compiled(dumps(document)).evaluate(facts) is not True:
            continue
        shown.append(question)
        value = kept_as(question, answers.get(question["key"]))
        if is_answered(value):
            facts[ANSWERS + question["key"]] = value
    return shown


@lru_cache(maxsize=2048)
def compiled(document: str) -> Rule:
    """Return a rule read from its JSON text; the same text is read once."""
    return parse_rule(loads(document))


def sampled(questions: Sequence[Question], seed: str) -> list[Question]:
    """Return the questions put to one person: of each group of `sample` as many as it shows, chosen by the seed.

    The same seed chooses the same questions again, so that a page can be reloaded.

    Examples
    --------
    >>> one_of_two = {"group": "felt", "show": 1}
    >>> asked = [{"key": "a"}, {"key": "b", "sample": one_of_two}, {"key": "c", "sample": one_of_two}]
    >>> len(sampled(asked, "somebody")), sampled(asked, "somebody") == sampled(asked, "somebody")
    (2, True)
    """
    groups: defaultdict[str, list[Question]] = defaultdict(list)
    for question in questions:
        if question.get("sample"):
            groups[question["sample"]["group"]].append(question)
    left_out: set[str] = set()
    for members in groups.values():
        drawn = sorted(members, key=lambda question: sha256(f"{seed}/{question['key']}".encode()).digest())
        left_out.update(question["key"] for question in drawn[members[0]["sample"]["show"] :])
    return [question for question in questions if question["key"] not in left_out]
