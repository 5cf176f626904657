"""Which surveys ask staff, and which of them can be asked in a pulse."""

from typing import Any

from api.feedback.templates import TEMPLATES
from models.rules.anonymity.audience import is_of_staff, unfit_for_a_pulse


def item(key: str, kind: str = "rating", **extra: Any) -> dict[str, Any]:
    """Give a question to staff."""
    return {"key": key, "kind": kind, "metric_key": f"pulse_{key}", **extra}


def codes(questions: list[dict[str, Any]], *cut_by: str) -> list[tuple[str, str]]:
    """Give what keeps questions from being asked in a pulse."""
    return [(found.pointer, found.code) for found in unfit_for_a_pulse(questions, cut_by)]


def test_of_the_templates_the_pulse_alone_is_of_staff() -> None:
    assert [key for key, template in TEMPLATES.items() if is_of_staff(template.questions)] == ["staff_pulse"]
    assert codes(list(TEMPLATES["staff_pulse"].questions)) == []


def test_a_pulse_asks_everybody_the_same_and_what_can_be_told() -> None:
    assert codes([item("a"), item("b", "yes_no"), item("c", "choice"), item("d", "text")], "b", "c") == []
    assert codes([{"key": "a", "kind": "rating"}]) == [("/survey", "not_of_staff")]
    assert codes([item("a", "date")]) == [("/survey", "not_releasable")]
    assert codes([item("a", show_if={"all": []}), item("b", sample={"group": "g", "show": 1})]) == [
        ("/survey", "not_asked_of_all"),
        ("/survey", "not_asked_of_all"),
    ]
    assert codes([item("a"), item("b", "yes_no")], "a", "b", "b", "x") == [
        ("/cut_by/0", "not_a_cut"),
        ("/cut_by/2", "repeated_key"),
        ("/cut_by/3", "not_a_cut"),
    ]
