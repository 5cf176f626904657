"""Companies of any size for the bench of the loyalty measures: one year of cases with all that Facts reads of them.

Cases with promises, contacts and answers, made as arrays and loaded in bulk as `bench/rescoring_data.py` loads its own.
Two cases a customer and a half, a promise in half of the cases, one contact each and a second in a fifth, an answer
about three in ten. Every record has its head, because Facts reads what stands.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa

from bench.rescoring_data import DAY_US, NOW_US, _ids, _nulled, _table, _texts
from models.rules.periods import Period

HOUR_US = DAY_US // 24
WEEK_US = 7 * DAY_US
WEEKS = 52
START_US = (NOW_US - WEEKS * WEEK_US) // DAY_US * DAY_US
END_US = START_US + WEEKS * WEEK_US
PERIODS = [Period(START_US + week * WEEK_US, START_US + (week + 1) * WEEK_US) for week in range(WEEKS)]
SURVEY = UUID(bytes=bytes([9, 0, 0, 0, 0, 0, 0x70, 0, 0x80, *[0] * 7]))
CASES_A_CUSTOMER = 2.5
NEEDS = 12
DECLARED_MINUTES = 5 * 24 * 60
KIND = {"customer": 1, "case": 2, "promise": 3, "response": 4, "need": 6, "interaction": 7, "departure": 8}
_PLAIN = {"number": 1, "voided": False, "given": "[]"}
ANSWERS = [
    '{"satisfaction": 5, "needs_met": "fully", "contact_reason": "new_need"}',
    '{"satisfaction": 4, "needs_met": "fully"}',
    '{"satisfaction": 3, "needs_met": "partly", "contact_reason": "unclear"}',
    '{"satisfaction": 2, "needs_met": "no", "contact_reason": "went_wrong"}',
    '{"satisfaction": 1, "contact_reason": "chasing"}',
]
_HOW_OFTEN = [0.4, 0.3, 0.1, 0.1, 0.1]
_FAILING = [False, False, False, True, True]


def made(cases: int, seed: int = 1) -> dict[str, pa.Table]:
    """Make the rows of every table as Arrow tables, ids as sixteen bytes."""
    random = np.random.default_rng(seed)
    people = max(1, round(cases / CASES_A_CUSTOMER))
    whose = np.sort(random.integers(0, people, cases))
    opened = START_US + random.integers(0, WEEKS * WEEK_US, cases)
    took = (np.exp(random.normal(3.5, 1.2, cases)) * HOUR_US).astype(np.int64)
    rows = {**_needs(), **_customers(random, people), **_departures(random, people)}
    rows |= _cases(random, whose, opened, took)
    rows |= _promises(random, opened, took)
    rows |= _contacts(random, whose, opened, took)
    rows |= _responses(random, whose, opened, took)
    return {name: _table(columns) for name, columns in rows.items()}


def _record(kind: str, n: int, at: Any, head: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Give the heads and the only versions of n records of a kind."""
    key = {"id": _ids(KIND[kind], np.arange(n)), "stored_at": at}
    called = _texts(f"{kind}-", np.arange(n))
    return {
        f"{kind}s": {**key, "reference": called, "version": 1, **head},
        f"{kind}_versions": {**key, **_PLAIN, "occurred_at": at, "recorded_at": at, **state},
    }


def _needs() -> dict[str, dict[str, Any]]:
    at = np.full(NEEDS, START_US)
    state = {"name": _texts("Need ", np.arange(NEEDS)), "customer_minutes": DECLARED_MINUTES}
    return _record("need", NEEDS, at, {}, state)


def _customers(random: np.random.Generator, n: int) -> dict[str, dict[str, Any]]:
    since = START_US - random.integers(1, 1500, n) * DAY_US
    state = {
        "since": since,
        "segment": random.choice(["gold", "silver", "plain"], n),
        "terms_as_new": _flags(random, n, 0.8, 0.1),
        "waiting_as_new": _flags(random, n, 0.9, 0.1),
        "attributes": "{}",
    }
    return _record("customer", n, np.full(n, START_US), {}, state)


def _departures(random: np.random.Generator, people: int) -> dict[str, dict[str, Any]]:
    """Let one in ten leave."""
    who = np.flatnonzero(random.random(people) < 0.1)
    at = START_US + random.integers(0, WEEKS * WEEK_US, len(who))
    state = {"customer_id": _ids(KIND["customer"], who), "kind": "cancelled", "left_at": at}
    return _record("departure", len(who), at, {}, state)


def _flags(random: np.random.Generator, n: int, share: float, unknown: float) -> pa.Array:
    return pa.array(random.random(n) < share, mask=random.random(n) < unknown)


def _cases(random: np.random.Generator, whose: np.ndarray, opened: Any, took: Any) -> dict[str, dict[str, Any]]:
    n = len(opened)
    done = np.where(opened + took < NOW_US, opened + took, -1)
    restored = np.where(random.random(n) < 0.5, opened + took + random.integers(0, 240, n) * HOUR_US, -1)
    state = {
        "customer_id": _ids(KIND["customer"], whose),
        "need": np.char.add("need-", random.integers(0, NEEDS, n).astype(str)),
        "team": np.char.add("team-", random.integers(0, 20, n).astype(str)),
        "channel": random.choice(["phone", "web", "shop"], n),
        "opened_at": opened,
        "needed_by": _nulled(np.where(random.random(n) < 0.3, opened + random.integers(1, 240, n) * HOUR_US, -1)),
        "done_at": _nulled(done),
        "contacts": random.choice([1, 1, 1, 2, 3], n).astype(np.int32),
        "handovers": random.choice([0, 0, 0, 1, 2], n).astype(np.int32),
        "reopened": random.choice([0, 0, 0, 0, 1], n).astype(np.int32),
        "permission_asked": _flags(random, n, 0.3, 0.2),
        "told_first": _flags(random, n, 0.3, 0.2),
        "put_back": _flags(random, n, 0.6, 0.2),
        "restored_at": _nulled(np.where(restored < NOW_US, restored, -1)),
        "restore_due_at": opened + random.integers(24, 400, n) * HOUR_US,
        "attributes": "{}",
    }
    return _record("case", n, opened, {}, state)


def _promises(random: np.random.Generator, opened: Any, took: Any) -> dict[str, dict[str, Any]]:
    of = np.flatnonzero(random.random(len(opened)) < 0.5)
    n, made_at = len(of), opened[of]
    due = made_at + random.integers(1, 240, n) * HOUR_US
    kept = np.where(random.random(n) < 0.9, made_at + took[of], -1)
    case = _ids(KIND["case"], of)
    state = {
        "case_id": case,
        "what": "the parcel is there",
        "made_at": made_at,
        "due_at": due,
        "due_in_force_at": due,
        "kept_at": _nulled(np.where(kept < NOW_US, kept, -1)),
    }
    return _record("promise", n, made_at, {"case_id": case}, state)


def _contacts(random: np.random.Generator, whose: np.ndarray, opened: Any, took: Any) -> dict[str, dict[str, Any]]:
    again = np.flatnonzero(random.random(len(opened)) < 0.2)
    of = np.concatenate([np.arange(len(opened)), again])
    later = (took[again] * random.random(len(again)) * 2).astype(np.int64)
    at = np.concatenate([opened, np.minimum(opened[again] + later, NOW_US - 1)])
    state = {
        "case_id": _ids(KIND["case"], of),
        "customer_id": _ids(KIND["customer"], whose[of]),
        "channel": "phone",
        "happened_at": at,
        "demand": random.choice(["value", "failure", "unknown"], len(of), p=[0.6, 0.3, 0.1]),
    }
    return _record("interaction", len(of), at, {}, state)


def _responses(random: np.random.Generator, whose: np.ndarray, opened: Any, took: Any) -> dict[str, dict[str, Any]]:
    of = np.flatnonzero(random.random(len(opened)) < 0.3)
    at = opened[of] + took[of] + random.integers(1, 72, len(of)) * HOUR_US
    of, at = of[at < NOW_US], at[at < NOW_US]
    said = random.choice(len(ANSWERS), len(of), p=_HOW_OFTEN)
    state = {
        "survey_version": 1,
        "customer_id": _ids(KIND["customer"], whose[of]),
        "case_id": _ids(KIND["case"], of),
        "answers": np.array(ANSWERS)[said],
        "complete": True,
        "answered_at": at,
        "failure": np.array(_FAILING)[said],
    }
    head = {"survey_id": np.full(len(of), np.void(SURVEY.bytes), dtype="V16"), "body_hash": "0" * 64}
    return _record("response", len(of), at, head, state)
