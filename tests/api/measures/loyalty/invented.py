"""A company invented by chance, as it is posted to the API, and what its cases count by the definition in words."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from models.base import to_us
from models.rules.loyalty.cases import DAY_US, CaseFacts, Count, counted
from models.rules.loyalty.dimensions import Part
from models.rules.loyalty.profile import PartSums
from models.rules.statistics import ClusterSums

HOUR = timedelta(hours=1)
NEEDS: dict[str, int | None] = {"repair": 3 * 24 * 60, "claim": None, "move": 60}
"""Minutes customers would say each may take."""
FAILED_US = {"went_wrong", "chasing", "unclear"}
SAID = {"new_need", *FAILED_US}
Row = dict[str, Any]


@dataclass
class Invented:
    """Rows by the kind of record, with moments as datetimes."""

    now: datetime
    customers: list[Row] = field(default_factory=list)
    cases: list[Row] = field(default_factory=list)
    promises: list[Row] = field(default_factory=list)
    contacts: list[Row] = field(default_factory=list)
    answers: list[Row] = field(default_factory=list)


def invented(seed: int, now: datetime, cases: int = 40, customers: int = 9, prefix: str = "") -> Invented:
    """Invent a company whose cases show every turn a case can take."""
    chance = Random(seed)  # noqa: S311 - the same company each time
    found = Invented(now)
    found.customers = [
        {"reference": f"{prefix}C-{number}", "segment": chance.choice(["gold", "tin"])} for number in range(customers)
    ]
    for number in range(cases):
        _add_case(found, chance, f"{prefix}K-{number}")
    return found


def _add_case(found: Invented, chance: Random, reference: str) -> None:
    now = found.now

    def maybe(value: Any, probability: float = 0.6) -> Any:
        return value if chance.random() < probability else None

    def after(start: datetime, days: float) -> datetime:
        """Give a moment after another on a coarse clock, so that some coincide; never after now."""
        return min(start + chance.randrange(int(days * 4)) * 6 * HOUR, now)

    opened = now - chance.randrange(4 * 110) * 6 * HOUR
    done = maybe(after(opened, 12), 0.8)
    customer = chance.choice(found.customers)["reference"]
    case: Row = {
        "reference": reference,
        "customer": customer,
        "need": chance.choice(list(NEEDS)),
        "team": chance.choice(["north", "old north", "south", None]),
        "channel": chance.choice(["phone", "web"]),
        "opened_at": opened,
        "needed_by": maybe(opened + chance.randrange(40) * 6 * HOUR),
        "done_at": done,
        "confirmed_at": maybe(after(done, 6), 0.3) if done else None,
        "contacts": maybe(chance.randrange(4)),
        "handovers": maybe(chance.randrange(2), 0.8),
        "reopened": maybe(chance.randrange(2), 0.8),
        "demand": maybe(chance.choice(["value", "failure", "unknown"])),
        "permission_asked": maybe(chance.random() < 0.5, 0.8),
        "told_first": maybe(chance.random() < 0.5),
        "put_back": maybe(chance.random() < 0.5),
        "restored_at": maybe(after(opened, 20), 0.5),
        "restore_due_at": maybe(opened + chance.randrange(80) * 6 * HOUR),
    }
    found.cases.append(case)
    for name in range(chance.randrange(3)):
        made = after(opened, 4)
        due = made + chance.randrange(80) * 6 * HOUR
        row = {"promise": f"P{name}", "case": reference, "what": "an engineer calls", "made_at": made, "due_at": due}
        found.promises.append({**row, "kept_at": maybe(after(made, 20))})
    for name in range(chance.choice([0, 0, 1, 2])):
        row = {"reference": f"{reference}-I{name}", "case": reference, "channel": chance.choice(["phone", "chat"])}
        demand = maybe(chance.choice(["value", "failure", "unknown"]))
        found.contacts.append({**row, "occurred_at": after(opened, 25), "demand": demand})
    for _ in range(chance.choice([0, 0, 1, 2])):
        answers: Row = {"satisfaction": chance.randrange(1, 6)}
        answers |= {"needs_met": chance.choice(["fully", "partly", "no"])} if chance.random() < 0.7 else {}
        reason = chance.choice(["new_need", "went_wrong", "chasing", "unclear", "other"])
        answers |= {"contact_reason": reason} if chance.random() < 0.7 else {}
        found.answers.append({"case": reference, "answered_at": after(opened, 25), "answers": answers})


def posted(rows: list[Row], *without: str) -> list[Row]:
    """Give rows as they are sent: nothing that is not known, moments as text."""
    return [
        {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in row.items()
            if value is not None and name not in without
        }
        for row in rows
    ]


def facts_of(found: Invented, case: Row) -> CaseFacts:
    """Give what is known of a case, in the words of the definition."""
    us = {name: to_us(value) for name, value in case.items() if isinstance(value, datetime)}
    said = [row for row in found.answers if row["case"] == case["reference"]]
    done, confirmed, denied = us.get("done_at"), us.get("confirmed_at"), False
    told = [(to_us(row["answered_at"]), row["answers"]["needs_met"]) for row in said if "needs_met" in row["answers"]]
    last_no = max((moment for moment, met in told if met == "no"), default=None)
    if last_no is not None:
        others = [moment for moment, met in told if met != "no"]
        denied = last_no >= max([*others, done or 0, confirmed or 0])
        confirmed = confirmed if confirmed is not None and confirmed > last_no else None
    fully = sorted(moment for moment, met in told if met == "fully")
    if last_no is not None and not (fully and fully[0] > last_no):
        fully = [moment for moment in fully[-1:] if moment > last_no]
    if confirmed is None and fully and done is not None and (last_no or -1) < done <= fully[0]:
        # Who answers later that the need was met says that it was, when it was called done.
        confirmed = done
    confirmed = min([*fully[:1], *([confirmed] if confirmed is not None else [])], default=None)
    heard = min(_heard(found, case, done), default=None) if done is not None else None
    minutes = NEEDS[case["need"]]
    failed = [row["answers"]["satisfaction"] <= 2 or row["answers"].get("needs_met") == "no" for row in said]
    return CaseFacts(
        us["opened_at"],
        done_us=done,
        confirmed_us=confirmed,
        denied=denied,
        heard_us=heard,
        needed_by_us=us.get("needed_by"),
        declared_minutes=minutes,
        **{name: case[name] for name in ("contacts", "handovers", "reopened")},
        failed=any(failed) if failed else None,
        **{name: case[name] for name in ("told_first", "put_back", "permission_asked")},
        restored_us=us.get("restored_at"),
        restore_due_us=us.get("restore_due_at"),
        promises=[
            (to_us(row["due_at"]), None if row["kept_at"] is None else to_us(row["kept_at"]))
            for row in found.promises
            if row["case"] == case["reference"]
        ],
    )


def _heard(found: Invented, case: Row, done: int) -> Iterator[int]:
    """Give when something was heard about the case, or the same need of the same customer, after it was called done."""
    same = {
        row["reference"]: row
        for row in found.cases
        if (row["customer"], row["need"]) == (case["customer"], case["need"])
    }
    said = [row for row in found.answers if row["case"] == case["reference"] and "needs_met" in row["answers"]]
    moments = [to_us(row["answered_at"]) for row in said]
    moments += [to_us(row["occurred_at"]) for row in found.contacts if row["case"] in same]
    moments += [to_us(row["opened_at"]) for row in same.values()]
    yield from (moment for moment in moments if moment > done)


def demands_of(found: Invented, case: Row, start_us: int, end_us: int) -> tuple[int, int, int]:
    """Give the contacts of a case in a window: those that were failure demand, those known, and all."""
    own = [row for row in found.contacts if row["case"] == case["reference"]]
    said = sorted(
        (
            (to_us(row["answered_at"]), row["answers"]["contact_reason"] in FAILED_US, row["answers"]["contact_reason"])
            for row in found.answers
            if row["case"] == case["reference"] and row["answers"].get("contact_reason") in SAID
        ),
        reverse=True,
    )
    words: dict[str, str] = {}
    for moment, _, reason in said:
        if own:
            about = min(own, key=lambda row: _away(to_us(row["occurred_at"]), moment, own.index(row)))
            words.setdefault(about["reference"], reason)
        else:
            words.setdefault("", reason)
    rows = [(to_us(row["occurred_at"]), 1, words.get(row["reference"]), row["demand"]) for row in own]
    if not own:
        count = 1 if case["contacts"] is None else case["contacts"]
        rows = [(to_us(case["opened_at"]), count, words.get(""), case["demand"])]
    k = m = r = 0
    for moment, count, reason, demand in rows:
        if start_us <= moment < end_us:
            known = reason is not None or demand in {"value", "failure"}
            fails = reason in FAILED_US if reason is not None else demand == "failure"
            k, m, r = k + count * (known and fails), m + count * known, r + count
    return k, m, r


def _away(moment: int, said: int, place: int) -> tuple[bool, int, int]:
    return moment > said, abs(moment - said), place


def counts_of(found: Invented, case: Row, start_us: int, end_us: int, now_us: int) -> dict[Part, Count]:
    """Give what a case counts in a window."""
    until_us = min(end_us, now_us)
    failure, known, contacts = demands_of(found, case, start_us, until_us)
    told = replace(facts_of(found, case), demands=(failure, known), contacts_there=contacts)
    return counted(told, start_us, end_us, now_us)


def sums_of(counts: Mapping[str, list[dict[Part, Count]]]) -> dict[Part, PartSums]:
    """Add up what cases count, by customer."""
    found: dict[Part, PartSums] = {}
    for part in {part for own in counts.values() for one in own for part in one}:
        by_customer = [[one[part] for one in own if part in one] for own in counts.values()]
        added = [(sum(c.k for c in own), sum(c.known for c in own)) for own in by_customer]
        rows = sum(count.rows for own in by_customer for count in own)
        found[part] = PartSums(ClusterSums.of((k, m, k) for k, m in added), rows)
    return found


def expected(
    found: Invented, start_us: int, end_us: int, by: str | None = None
) -> dict[str | None, dict[Part, PartSums]]:
    """Give the sums of cases by group."""
    groups: defaultdict[Any, defaultdict[str, list[dict[Part, Count]]]] = defaultdict(lambda: defaultdict(list))
    for case in found.cases:
        group = None if by is None else case[by]
        groups[group][case["customer"]].append(counts_of(found, case, start_us, end_us, to_us(found.now)))
    return {group: own for group, counts in groups.items() if (own := sums_of(counts))}


def window_of(found: Invented, days: int = 90) -> tuple[int, int]:
    """Give the default window."""
    end_us = to_us(found.now) + 1
    return end_us - days * DAY_US, end_us


def at_second(moment: datetime) -> datetime:
    """Give a moment without a fraction."""
    return moment.astimezone(UTC).replace(microsecond=0)
