"""What a survey's terms may say, and what they mean at their edges."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from models.rules.terms import GRACE, Standing, faults_of_terms, full_for_all, is_origin, quotas_met, standing

MOOD = {"key": "mood", "kind": "rating", "texts": {"en": "Mood?"}}
OPENS, CLOSES = datetime.fromisoformat("2026-05-01T00:00:00Z"), datetime.fromisoformat("2026-06-01T00:00:00Z")
TERMS = {"opens_at": "2026-05-01T00:00:00Z", "closes_at": "2026-06-01T00:00:00Z"}
SECOND = timedelta(seconds=1)


def rule(key: str) -> dict[str, Any]:
    """Give a rule over an answer."""
    return {"all": [{"field": key, "op": "le", "value": 2}]}


@pytest.mark.parametrize(
    ("terms", "pointer", "code"),
    [
        ({**TERMS, "closes_at": TERMS["opens_at"]}, "/closes_at", "before_opens_at"),
        ({"quotas": [{"key": "a", "limit": 1}, {"key": "a", "limit": 2}]}, "/quotas/1/key", "repeated_key"),
        ({"quotas": [{"key": str(n), "limit": 1} for n in range(21)]}, "/quotas", "too_many"),
        ({"quotas": [{"key": "a", "limit": 1, "when": rule("answers.who")}]}, "/quotas/0/when", "unknown_question"),
        ({"quotas": [{"key": "a", "limit": 1, "when": rule("contacts")}]}, "/quotas/0/when", "unknown_question"),
        ({"quotas": [{"key": "a", "limit": 1, "when": {"all": 1}}]}, "/quotas/0/when/all", "wrong_type"),
        ({"allowed_origins": ["https://a.example", "https://a.example"]}, "/allowed_origins/1", "repeated_key"),
        ({"allowed_origins": [f"https://a{n}.example" for n in range(21)]}, "/allowed_origins", "too_many"),
        ({"allowed_origins": ["ftp://a.example"]}, "/allowed_origins/0", "origin_form"),
    ],
)
def test_what_cannot_be_meant_is_named(terms: dict[str, Any], pointer: str, code: str) -> None:
    found = faults_of_terms(terms, [MOOD])
    assert [(fault.pointer, fault.code) for fault in found] == [(pointer, code)]


def test_terms_that_bind_nobody_are_sound() -> None:
    assert faults_of_terms({}, [MOOD]) == []
    assert faults_of_terms({**TERMS, "quotas": [{"key": "a", "limit": 1, "when": rule("answers.mood")}]}, [MOOD]) == []
    assert standing({}, OPENS) is Standing.OPEN


@pytest.mark.parametrize(
    ("moment", "begun", "found"),
    [
        (OPENS - SECOND, False, Standing.NOT_OPEN),
        (OPENS - SECOND, True, Standing.NOT_OPEN),
        (OPENS, False, Standing.OPEN),
        (CLOSES - SECOND, False, Standing.OPEN),
        (CLOSES, False, Standing.CLOSED),
        (CLOSES, True, Standing.OPEN),
        (CLOSES + GRACE - SECOND, True, Standing.OPEN),
        (CLOSES + GRACE, True, Standing.CLOSED),
    ],
)
def test_a_survey_is_open_from_its_opening_to_its_closing(moment: datetime, begun: bool, found: Standing) -> None:
    assert standing(TERMS, moment, begun=begun) is found


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ("https://shop.example", True),
        ("https://shop.example:8443", True),
        ("http://localhost", True),
        ("http://127.0.0.1:5173", True),
        ("http://[::1]:3000", True),
        ("https://shop.example:443", False),
        ("https://shop.example/page", False),
        ("https://Shop.example", False),
        ("https://me@shop.example", False),
        ("https://*.example", False),
        ("http://shop.example", False),
        ("https://", False),
        ("shop.example", False),
        ("https://shop.example:0", False),
        ("https://shop.example:99999", False),
        ("https://shöp.example", False),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(text: str, sound: bool) -> None:
    assert is_origin(text) is sound


def test_quotas_count_whoever_answered_as_they_say() -> None:
    terms = {"quotas": [{"key": "low", "when": rule("answers.mood"), "limit": 1}, {"key": "all", "limit": 2}]}
    assert quotas_met(terms, {"mood": 2}) == ["all", "low"]
    assert quotas_met(terms, {"mood": None}) == ["all"]
    assert quotas_met({}, {"mood": 2}) == []
    assert full_for_all(terms, {"low": 9}) == []
    assert full_for_all(terms, {"low": 9, "all": 2}) == ["all"]
