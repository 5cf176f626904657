"""Jumps made `show_if`: whoever jumps from one step to a later one is not asked what lies between.

A question is shown where nobody jumped over it: for each earlier step, either that step was not shown, or none of its
jumps that lead beyond the question was taken. Of a step's jumps the first whose condition holds is taken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from api.feedback.formbricks.conditions import ALWAYS, NEVER, Formula, NotExpressible, condition_of, joined
from api.feedback.formbricks.elements import Known
from api.feedback.formbricks.places import Reading, listed
from models.rules.conditions import RuleRefused, parse_rule

TARGETS = frozenset({"jumpToQuestion", "jumpToBlock"})
MOST_JUMPS = 20


@dataclass
class Step:
    """What is shown together: one question, or a block of them.

    Attributes
    ----------
    identity
        What jumps call it.
    pointer
        Where it stands.
    source
        Its logic and fallback, as given.
    questions
        What it asks.
    """

    identity: str
    pointer: str
    source: Mapping[str, Any]
    questions: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class _Jump:
    condition: Formula
    target: int


def apply_jumps(reading: Reading, steps: Sequence[Step], endings: frozenset[str], known: Mapping[str, Known]) -> None:
    """Give every question that can be jumped over its `show_if`."""
    places = {step.identity: place for place, step in enumerate(steps)} | dict.fromkeys(endings, len(steps))
    jumps = [_jumps(reading, place, step, places, known) for place, step in enumerate(steps)]
    shown: list[Formula] = []
    for place, step in enumerate(steps):
        passed = (joined("any", [shown[at].opposite(), _stays(jumps[at], place)]) for at in range(place))
        shown.append(_sayable(reading, step, joined("all", passed)))
        if shown[-1] != ALWAYS:
            for question in step.questions:
                question["show_if"] = _grouped(shown[-1]).document()


def _jumps(
    reading: Reading, place: int, step: Step, places: Mapping[str, int], known: Mapping[str, Known]
) -> list[_Jump]:
    found: list[_Jump] = []
    for number, rule in enumerate(listed(step.source.get("logic"))):
        pointer = f"{step.pointer}/logic/{number}"
        if number >= MOST_JUMPS:
            reading.leave(pointer, "jump", f"Of the jumps of one step {MOST_JUMPS} are read.")
            break
        target = _target(reading, pointer, rule, places)
        if target is None:
            continue
        if target <= place:
            reading.leave(pointer, "jump", "This jump is no `show_if`: it leads back.")
            continue
        try:
            found.append(_Jump(condition_of(rule.get("conditions"), known), target))
        except NotExpressible as why:
            reading.leave(pointer, "jump", f"This jump is no `show_if`: {why}.")
    fallback = step.source.get("logicFallback")
    if fallback:
        target = places.get(str(fallback))
        if target is None or target <= place:
            reading.leave(
                f"{step.pointer}/logicFallback", "jump", "This jump is no `show_if`: it leads back or nowhere."
            )
        else:
            found.append(_Jump(ALWAYS, target))
    return found


def _target(reading: Reading, pointer: str, rule: Any, places: Mapping[str, int]) -> int | None:
    """Return where a rule jumps to, naming what else it does."""
    actions = rule.get("actions") if isinstance(rule, Mapping) else None
    if not isinstance(actions, list):
        reading.leave(pointer, "jump", "This jump is no `show_if`: it is of an older form.")
        return None
    target = None
    for number, action in enumerate(actions):
        objective = action.get("objective") if isinstance(action, Mapping) else None
        if str(objective) in TARGETS and target is None:
            target = places.get(str(action.get("target")))
            if target is None:
                reading.leave(f"{pointer}/actions/{number}", "jump", "This jump is no `show_if`: it leads nowhere.")
        else:
            reading.leave(f"{pointer}/actions/{number}", "action", f"{objective}: answers only decide what is asked.")
    return target


def _stays(jumps: Sequence[_Jump], place: int) -> Formula:
    """Return when none of a step's jumps leads beyond a place."""
    stays = ALWAYS
    for jump in reversed(jumps):
        beyond = jump.target > place
        stays = joined("all", [jump.condition.opposite(), stays]) if beyond else joined("any", [jump.condition, stays])
    return stays


def _sayable(reading: Reading, step: Step, shown: Formula) -> Formula:
    """Return a condition if it is a rule of ours; else name it, and ask always."""
    if shown == ALWAYS or not step.questions:
        return shown
    document = _grouped(shown).document()
    why = _unsayable(document)
    if why is None and shown != NEVER:
        return shown
    detail = why or "nobody reaches it"
    reading.leave(step.pointer, "jump", f"Whether this is asked is no `show_if`: {detail}. It is asked always.")
    return ALWAYS


def _unsayable(document: Any) -> str | None:
    """Return why a document is no rule, None where it is one."""
    try:
        parse_rule(document)
    except RuleRefused as refused:
        return refused.detail
    return None


def _grouped(formula: Formula) -> Formula:
    return Formula("all", (formula,)) if formula.word == "clause" else formula
