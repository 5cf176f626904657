"""Rows of our own export taken back: what an answer says beside the body it came from is known by name and left out.

A record is taken as it is known now. What was withdrawn, and what rules or comments said, is not told anew: the first
is no fact any more, the second follows from the facts, and the third is somebody's decision on a suggestion.
"""

from collections.abc import Mapping
from typing import Any

from api.cli.importing.lines import Problem
from api.cli.importing.targets import ImportKind, Target

STORED_AT = "stored_at"
"""Every record of an export says when it was stored, and nothing that is sent can."""
COMPLETE = "complete"
WITHDRAWN = Problem("withdrawn", "The record was withdrawn as a mistake, and is not told anew.")
NOT_TOLD = {
    "rule": Problem("seen_by_a_rule", "A rule made this observation, and makes it again of what it reads."),
    "comment": Problem("seen_in_a_comment", "Somebody confirmed this from a comment; a backup takes it along."),
}
"""Sources of observations that are nobody's to tell."""


def as_sent(kind: ImportKind, target: Target, row: Mapping[str, Any]) -> dict[str, Any] | Problem:
    """Return what a row of an export would have been sent as, or why it is not taken.

    Whatever is no row of an export is returned as it is: a field that nobody knows is still refused by its name.
    """
    if STORED_AT not in row:
        return dict(row)
    if row.get("voided") is True:
        return WITHDRAWN
    source = row.get("source")
    if isinstance(source, str) and source in NOT_TOLD:
        return NOT_TOLD[source]
    answered, sent = target.answer.model_fields, target.model.model_fields
    body = {name: value for name, value in row.items() if name in sent or name not in answered}
    return _response(row, body) if kind is ImportKind.RESPONSES else body


def _response(row: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """Name a response as its sender did, and by its survey's version: `version` says another thing in an answer."""
    named = "reference" if row.get("reference") == row.get("id") else "id"
    told = {name: value for name, value in body.items() if name != named}
    return {**told, "version": row.get("survey_version"), COMPLETE: row.get("status") == COMPLETE}
