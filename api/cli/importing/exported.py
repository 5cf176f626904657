"""Rows of our own export taken back: what an answer says beside the body it came from is known by name and left out.

A record is taken as it is known now. What was withdrawn, and what rules saw, is not told anew: the first is no fact any
more, and the second follows from the facts.
"""

from collections.abc import Mapping
from typing import Any

from api.cli.importing.lines import Problem
from api.cli.importing.targets import ImportKind, Target

STORED_AT = "stored_at"
"""Every record of an export says when it was stored, and nothing that is sent can."""
RULE = "rule"
COMPLETE = "complete"
WITHDRAWN = Problem("withdrawn", "The record was withdrawn as a mistake, and is not told anew.")
SEEN_BY_A_RULE = Problem("seen_by_a_rule", "A rule made this observation, and makes it again of what it reads.")


def as_sent(kind: ImportKind, target: Target, row: Mapping[str, Any]) -> dict[str, Any] | Problem:
    """Return what a row of an export would have been sent as, or why it is not taken.

    Whatever is no row of an export is returned as it is: a field that nobody knows is still refused by its name.
    """
    if STORED_AT not in row:
        return dict(row)
    if row.get("voided") is True:
        return WITHDRAWN
    if row.get("source") == RULE:
        return SEEN_BY_A_RULE
    answered, sent = target.answer.model_fields, target.model.model_fields
    body = {name: value for name, value in row.items() if name in sent or name not in answered}
    return _response(row, body) if kind is ImportKind.RESPONSES else body


def _response(row: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """Name a response as its sender did, and by its survey's version: `version` says another thing in an answer."""
    named = "reference" if row.get("reference") == row.get("id") else "id"
    told = {name: value for name, value in body.items() if name != named}
    return {**told, "version": row.get("survey_version"), COMPLETE: row.get("status") == COMPLETE}
