"""The terms a survey is taken on: when it is open, how many answers it wants, where its page may stand.

They stand in a version's details beside its questions. Those of the newest published version hold for every answer,
whichever version it was given to: a survey is closed, or closed later, by publishing a version that says so.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from json import dumps
from typing import Any
from urllib.parse import urlsplit

from models.rules.answers import Misfit, Question, is_answered
from models.rules.questions import ANSWERS, compiled, rule_faults

MOST_QUOTAS = 20
MOST_ORIGINS = 20
GRACE = timedelta(days=1)
"""For how long after closing an answer begun before may still be completed."""
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
"""Hosts whose pages need no certificate: the developer's own machine."""
WHOLE = 2**64

Terms = Mapping[str, Any]


class Standing(StrEnum):
    """Whether a survey takes answers at a moment."""

    OPEN = "open"
    NOT_OPEN = "survey_not_open"
    CLOSED = "survey_closed"


def faults_of_terms(terms: Terms, questions: Sequence[Question]) -> list[Misfit]:
    """Return what is wrong with the terms of a survey; none means it can be taken on them.

    Parameters
    ----------
    terms
        `opens_at` and `closes_at` (ISO 8601 with a zone), `quotas`, `allowed_origins`; what is absent binds nobody.
    questions
        The survey's: a quota's rule reads answers to them.

    Examples
    --------
    >>> [fault.code for fault in faults_of_terms({"allowed_origins": ["http://shop.example"]}, [])]
    ['origin_form']
    """
    return [*_of_times(terms), *_of_quotas(terms.get("quotas") or (), questions), *_of_origins(terms)]


def _of_times(terms: Terms) -> Iterator[Misfit]:
    opens, closes = moment_of(terms, "opens_at"), moment_of(terms, "closes_at")
    if opens is not None and closes is not None and closes <= opens:
        yield Misfit("/closes_at", "before_opens_at", "A survey closes after it opens.")


def _of_quotas(quotas: Sequence[Mapping[str, Any]], questions: Sequence[Question]) -> Iterator[Misfit]:
    known = [question["key"] for question in questions]
    if len(quotas) > MOST_QUOTAS:
        yield Misfit("/quotas", "too_many", f"A survey has at most {MOST_QUOTAS} quotas.")
    seen: set[str] = set()
    for place, quota in enumerate(quotas):
        if quota["key"] in seen:
            yield Misfit(f"/quotas/{place}/key", "repeated_key", f"{quota['key']} stands here before.")
        seen.add(quota["key"])
        if quota.get("when") is not None:
            yield from rule_faults(f"/quotas/{place}/when", quota["when"], known, known)


def _of_origins(terms: Terms) -> Iterator[Misfit]:
    origins = terms.get("allowed_origins") or ()
    if len(origins) > MOST_ORIGINS:
        yield Misfit("/allowed_origins", "too_many", f"At most {MOST_ORIGINS} origins.")
    for place, origin in enumerate(origins):
        if not is_origin(origin):
            detail = "An origin is like https://shop.example: no path; http only for localhost."
            yield Misfit(f"/allowed_origins/{place}", "origin_form", detail)
        elif origin in origins[:place]:
            yield Misfit(f"/allowed_origins/{place}", "repeated_key", f"{origin} stands here before.")


def is_origin(text: str) -> bool:
    """Return whether a text is an origin as a browser writes one: scheme, host, and a port that is not the usual.

    >>> is_origin("https://shop.example"), is_origin("https://shop.example/"), is_origin("http://localhost:5173")
    (True, False, True)
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    if usual is None or port in {0, usual} or (parts.scheme == "http" and host not in LOCAL):
        return False
    plain = all(sign.isascii() and (sign.isalnum() or sign in ".-:") for sign in host)
    named = f"[{host}]" if ":" in host else host
    shown = f"{parts.scheme}://{named}" + (f":{port}" if port is not None else "")
    return bool(host) and plain and text == shown


def moment_of(terms: Terms, name: str) -> datetime | None:
    """Return a moment of the terms, None where they name none."""
    text = terms.get(name)
    return None if text is None else datetime.fromisoformat(text)


def standing(terms: Terms, moment: datetime, *, begun: bool = False) -> Standing:
    """Return whether answers are taken at a moment.

    Parameters
    ----------
    terms
        The survey's.
    moment
        When something is answered.
    begun
        Whether it goes on with an answer that was begun before: a day after closing it may still be completed.

    Examples
    --------
    >>> terms = {"closes_at": "2026-05-04T12:00:00Z"}
    >>> evening = datetime.fromisoformat("2026-05-04T20:00:00Z")
    >>> standing(terms, evening).value, standing(terms, evening, begun=True).value
    ('survey_closed', 'open')
    """
    opens, closes = moment_of(terms, "opens_at"), moment_of(terms, "closes_at")
    if opens is not None and moment < opens:
        return Standing.NOT_OPEN
    if closes is not None and moment >= closes + (GRACE if begun else timedelta()):
        return Standing.CLOSED
    return Standing.OPEN


def quotas_met(terms: Terms, answers: Mapping[str, Any]) -> list[str]:
    """Return the keys of those quotas that somebody who answered like this counts for, in the order of their keys.

    Examples
    --------
    >>> unhappy = {"all": [{"field": "answers.mood", "op": "le", "value": 2}]}
    >>> terms = {"quotas": [{"key": "unhappy", "when": unhappy, "limit": 5}, {"key": "all", "limit": 9}]}
    >>> quotas_met(terms, {"mood": 1}), quotas_met(terms, {"mood": 5})
    (['all', 'unhappy'], ['all'])
    """
    facts = {ANSWERS + key: value for key, value in answers.items() if is_answered(value)}
    return sorted(
        quota["key"]
        for quota in terms.get("quotas") or ()
        if quota.get("when") is None or compiled(dumps(quota["when"])).evaluate(facts) is True
    )


def limits_of(terms: Terms) -> dict[str, int]:
    """Return how many complete answers each quota takes, by its key."""
    return {quota["key"]: quota["limit"] for quota in terms.get("quotas") or ()}


def full_for_all(terms: Terms, taken: Mapping[str, int]) -> list[str]:
    """Return the full quotas that everybody counts for: nobody needs to be asked any more.

    >>> full_for_all({"quotas": [{"key": "all", "limit": 2}]}, {"all": 2})
    ['all']
    """
    open_to_all = {quota["key"] for quota in terms.get("quotas") or () if quota.get("when") is None}
    limits = limits_of(terms)
    return sorted(key for key in open_to_all if taken.get(key, 0) >= limits[key])


def is_drawn(share: float, seed: Iterable[str]) -> bool:
    """Return whether somebody is among a share of all: the same seed is always answered alike.

    Parameters
    ----------
    share
        From 0, nobody, to 1, everybody.
    seed
        What tells one from another.

    Examples
    --------
    >>> drawn = [is_drawn(0.25, [f"K-{number}"]) for number in range(1000)]
    >>> is_drawn(1.0, ["K-1"]), is_drawn(0.0, ["K-1"]), 200 < sum(drawn) < 300
    (True, False, True)
    """
    place = int.from_bytes(sha256("\0".join(seed).encode()).digest()[:8])
    return place < share * WHOLE
