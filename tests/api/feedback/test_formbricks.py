"""Formbricks documents that are not quite what they should be: translated or named, never a failure of ours."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from api.feedback.formbricks import is_formbricks, translated

FILES = Path(__file__).parent / "formbricks"
WHOLE = [json.loads((FILES / name).read_text(encoding="utf-8")) for name in ("questions.json", "blocks.json")]
ODD: list[Any] = [
    None,
    5,
    -1,
    1.5,
    True,
    "",
    "text",
    "inf",
    [],
    {},
    [5],
    [[]],
    {"default": 3},
    {"x": {"y": []}},
    ["a", {"id": 1}],
]


def question(identity: str, logic: Any = None, **fields: Any) -> dict[str, Any]:
    """Give a scale."""
    base = {"id": identity, "type": "rating", "range": 5, "headline": {"default": identity}, "required": False}
    return {**base, **fields, **({} if logic is None else {"logic": [logic]})}


def jump(left: str, operator: str, right: Any, target: str, kind: str = "question") -> dict[str, Any]:
    """Give a jump on one condition."""
    condition = {"leftOperand": {"type": kind, "value": left}, "operator": operator}
    if right is not None:
        condition["rightOperand"] = {"type": "static", "value": right}
    actions = [{"objective": "jumpToQuestion", "target": target}]
    return {"conditions": {"connector": "and", "conditions": [condition]}, "actions": actions}


def places(part: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Give the path to every part of a document."""
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    return [path, *(found for key, value in inner for found in places(value, (*path, key)))]


@given(data=some.data())
def test_a_document_with_odd_parts_is_translated_all_the_same(data: some.DataObject) -> None:
    document = deepcopy(data.draw(some.sampled_from(WHOLE)))
    for _ in range(data.draw(some.integers(1, 4))):
        *path, last = data.draw(some.sampled_from([path for path in places(document) if path]))
        inside = document
        for key in path:
            inside = inside[key]
        inside[last] = deepcopy(data.draw(some.sampled_from(ODD)))
    if is_formbricks(document):
        _, definition, left_out = translated(document)
        assert isinstance(definition["questions"], list)
        assert all(item.pointer and item.detail for item in left_out)


@pytest.mark.parametrize(
    ("logic", "rule"),
    [
        (jump("a", "isSubmitted", None, "c"), {"all": [{"field": "answers.a", "op": "missing", "value": True}]}),
        (jump("a", "isSkipped", None, "c"), {"all": [{"field": "answers.a", "op": "missing", "value": False}]}),
        (jump("a", "doesNotEqual", 3, "c"), {"all": [{"field": "answers.a", "op": "eq", "value": 3}]}),
    ],
)
def test_what_lies_between_is_asked_of_who_does_not_jump(logic: dict[str, Any], rule: dict[str, Any]) -> None:
    _, definition, left_out = translated({"questions": [question("a", logic), question("b"), question("c")]})
    assert [one.get("show_if") for one in definition["questions"]] == [None, rule, None]
    assert left_out == []


@pytest.mark.parametrize(
    ("kind", "operator", "value", "clause"),
    [
        ("consent", "isAccepted", None, {"op": "ne", "value": True}),
        ("openText", "equals", "yes", {"op": "ne", "value": "yes"}),
        ("date", "isBefore", "2026-01-01", {"op": "ge", "value": "2026-01-01"}),
        ("nps", "isGreaterThan", 6.5, {"op": "le", "value": 6.5}),
    ],
)
def test_each_kind_is_compared_as_its_answers_are(kind: str, operator: str, value: Any, clause: dict[str, Any]) -> None:
    first = question("a", jump("a", operator, value, "c"), type=kind)
    _, definition, left_out = translated({"questions": [first, question("b"), question("c")]})
    unanswered = {"field": "answers.a", "op": "missing", "value": True}
    assert definition["questions"][1]["show_if"] == {"any": [{"field": "answers.a", **clause}, unanswered]}
    assert left_out == []


@pytest.mark.parametrize(
    "logic",
    [
        jump("a", "equals", 3, "a"),
        jump("a", "equals", 3, "nowhere"),
        jump("a", "equals", "many", "c"),
        jump("a", "equals", "1e99", "c"),
        jump("a", "contains", 3, "c"),
        jump("t", "equals", 3, "c"),
        jump("z", "equals", 3, "c"),
        jump("a", "equals", 3, "c", kind="hiddenField"),
        {"condition": "equals", "value": 3, "destination": "c"},
        {"conditions": {"conditions": [5]}, "actions": [{"objective": "jumpToQuestion", "target": "c"}]},
        {"conditions": {"conditions": [{}] * 41}, "actions": [{"objective": "jumpToQuestion", "target": "c"}]},
        {
            "conditions": {
                "conditions": [
                    {
                        "leftOperand": {"type": "question", "value": "a"},
                        "operator": "equals",
                        "rightOperand": {"type": "question", "value": "b"},
                    }
                ]
            },
            "actions": [{"objective": "jumpToQuestion", "target": "c"}],
        },
    ],
)
def test_a_jump_that_is_no_rule_is_named_and_nothing_is_hidden(logic: dict[str, Any]) -> None:
    text = question("t", type="openText")
    _, definition, left_out = translated({"questions": [text, question("a", logic), question("b"), question("c")]})
    assert [one.get("show_if") for one in definition["questions"]] == [None, None, None, None]
    assert {item.code for item in left_out} == {"jump"}


def test_a_question_nobody_reaches_and_a_rule_too_deep_are_asked_always() -> None:
    over = question("a", logicFallback="c")
    _, definition, left_out = translated({"questions": [over, question("b"), question("c")]})
    assert [one.get("show_if") for one in definition["questions"]] == [None, None, None]
    assert [(item.pointer, item.code) for item in left_out] == [("/questions/1", "jump")]
    back = question("b", logicFallback="a")
    assert translated({"questions": [question("a"), back]})[2][0].pointer == "/questions/1/logicFallback"
    many = question("a", logic=None)
    many["logic"] = [jump("a", "equals", 1, "c")] * 30
    assert {item.pointer for item in translated({"questions": [many, question("b"), question("c")]})[2]} == {
        "/questions/0/logic/20"
    }


def test_more_questions_than_a_survey_asks_are_left_to_the_check() -> None:
    document = {"questions": [question(f"q{n}", jump(f"q{n}", "equals", 1, f"q{n + 2}")) for n in range(101)]}
    assert not any("show_if" in one for one in translated(document)[1]["questions"])
