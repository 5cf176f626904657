"""Formbricks' conditions as rules over answers, and their opposites.

There a condition on a question nobody answered is false, and its opposite true; here both are unknown. So the opposite
of a comparison says *or nothing was answered*.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from api.feedback.formbricks.elements import Known
from api.feedback.formbricks.places import listed
from models.rules.answers import LARGEST_NUMBER
from models.rules.conditions import MAX_CLAUSES, MAX_DEPTH

SCALE_KINDS = frozenset({"rating", "nps", "number"})
PLAIN_KINDS = SCALE_KINDS | {"choice", "text", "date"}
ORDERED_KINDS = SCALE_KINDS | {"date"}
OPPOSITE: Mapping[str, str] = {"eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "gt": "le", "le": "gt"}
ORDERS: Mapping[str, str] = {
    "isGreaterThan": "gt",
    "isLessThan": "lt",
    "isGreaterThanOrEqual": "ge",
    "isLessThanOrEqual": "le",
    "isBefore": "lt",
    "isAfter": "gt",
}
ANSWERED = frozenset({"isSubmitted", "isSet", "isNotEmpty", "isCompletelySubmitted"})
SKIPPED = frozenset({"isSkipped", "isNotSet", "isEmpty"})


class NotExpressible(Exception):  # noqa: N818 - a finding, not a failure
    """A condition that no rule over answers says; the message says why."""


@dataclass(frozen=True)
class Formula:
    """A condition: `all` or `any` of further ones, or a clause of the rule language. `all` of none always holds."""

    word: str
    members: tuple["Formula", ...] = ()
    clause: tuple[tuple[str, Any], ...] = ()

    def opposite(self) -> "Formula":
        """Return what holds where this does not."""
        if self.word != "clause":
            return _without_doubt(self) or joined(
                "any" if self.word == "all" else "all", (member.opposite() for member in self.members)
            )
        said = dict(self.clause)
        name, op, value = said["field"], said["op"], said["value"]
        if op == "missing":
            return clause(name, "missing", not value)
        unlike = [clause(name, "ne", one) for one in value] if op == "in" else [clause(name, OPPOSITE[op], value)]
        return joined("any", [joined("all", unlike), clause(name, "missing", True)])

    def document(self) -> dict[str, Any]:
        """Return it as the JSON of a rule."""
        if self.word == "clause":
            return dict(self.clause)
        return {self.word: [member.document() for member in self.members]}


def _without_doubt(formula: Formula) -> Formula | None:
    """Return the comparison whose opposite a formula is, where it is one: *unlike, or nothing was answered*."""
    if formula.word != "any" or [member.word for member in formula.members] != ["clause", "clause"]:
        return None
    said, missing = (dict(member.clause) for member in formula.members)
    if missing != {"field": said["field"], "op": "missing", "value": True} or said["op"] not in OPPOSITE:
        return None
    return clause(said["field"], OPPOSITE[said["op"]], said["value"])


ALWAYS = Formula("all")
NEVER = Formula("any")


def clause(name: str, op: str, value: Any) -> Formula:
    """Return one comparison of an answer."""
    return Formula("clause", clause=(("field", name), ("op", op), ("value", _hashable(value))))


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def joined(word: str, members: Iterable[Formula]) -> Formula:
    """Return `all` or `any` of some conditions, as short as it can be said."""
    absorbing, neutral = (NEVER, ALWAYS) if word == "all" else (ALWAYS, NEVER)
    found: dict[Formula, None] = {}
    for member in members:
        if member == absorbing:
            return absorbing
        for part in member.members if member.word == word else (member,):
            if part != neutral:
                found[part] = None
    if len(found) == 1:
        return next(iter(found))
    return Formula(word, tuple(found))


def condition_of(group: Any, known: Mapping[str, Known], depth: int = 0) -> Formula:
    """Return a condition group, or a single condition, as a formula over answers."""
    if not isinstance(group, Mapping) or depth > MAX_DEPTH:
        raise NotExpressible("it is no condition, or one within too many others")
    if "conditions" in group:
        word = "any" if group.get("connector") == "or" else "all"
        if len(listed(group["conditions"])) > MAX_CLAUSES:
            raise NotExpressible("it has too many conditions")
        return joined(word, [condition_of(member, known, depth + 1) for member in listed(group["conditions"])])
    left = group.get("leftOperand")
    if not isinstance(left, Mapping) or left.get("type") not in ("question", "element") or left.get("meta"):
        raise NotExpressible("it reads a variable, a hidden field or a row")
    asked = known.get(str(left.get("value")))
    if asked is None:
        raise NotExpressible(f"it reads {left.get('value')}, which is left out")
    right = group.get("rightOperand")
    if right is not None and (not isinstance(right, Mapping) or right.get("type") != "static"):
        raise NotExpressible("it compares two answers")
    return _compared(asked, str(group.get("operator")), None if right is None else right.get("value"))


def _compared(asked: Known, operator: str, value: Any) -> Formula:
    name, kind = f"answers.{asked.key}", asked.kind
    if operator in ANSWERED or operator in SKIPPED:
        return clause(name, "missing", operator in SKIPPED)
    if operator == "isAccepted" and kind == "consent":
        return clause(name, "eq", True)
    if operator == "equalsOneOf" and kind == "choice" and isinstance(value, list):
        return clause(name, "in", [_value(asked, one) for one in value])
    orders = ORDERS if kind in ORDERED_KINDS else {}
    op = "eq" if operator in {"equals", "doesNotEqual"} and kind in PLAIN_KINDS else orders.get(operator)
    if op is None:
        raise NotExpressible(f"{operator} of a question of the kind {kind} is no rule here")
    found = clause(name, op, _value(asked, value))
    return found.opposite() if operator == "doesNotEqual" else found


def _value(asked: Known, value: Any) -> Any:
    if asked.kind in SCALE_KINDS:
        try:
            number = Decimal(str(value))
        except ArithmeticError:
            raise NotExpressible(f"{value!r} is no number") from None
        if not number.is_finite() or abs(number) > LARGEST_NUMBER:
            raise NotExpressible(f"{value!r} is no number that can be answered")
        return int(number) if number == int(number) else float(number)
    if asked.kind == "choice":
        if str(value) not in asked.choices:
            raise NotExpressible(f"there is no choice {value!r}")
        return asked.choices[str(value)]
    if not isinstance(value, str):
        raise NotExpressible(f"{value!r} is no text")
    return value
