"""A synthetic repair company: nobody in it exists, and every run makes the same people.

Three conditions conspire: the engineer comes late, brings the wrong part, and nobody calls back. Each alone does
little harm; together most customers are failed, and many of those leave. A second, weaker pair is hidden beside it,
and the rest of the catalogue is innocent.
"""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from api.demo import loyalty

SEED = 20_260
CUSTOMERS = 900
DAYS = 540
SATURDAY = 5
ANSWERING, BAD_WEEKS, ASKED_PERMISSION = 0.75, 0.3, 0.3
FIRST = (
    "Ada",
    "Bela",
    "Chidi",
    "Dana",
    "Emil",
    "Fatou",
    "Goran",
    "Hana",
    "Ines",
    "Jun",
    "Karim",
    "Lena",
    "Mara",
    "Nils",
)
LAST = ("Abe", "Brandt", "Costa", "Diallo", "Ek", "Ferri", "Gruber", "Haas", "Ito", "Jansen", "Kovac", "Lund", "Moreau")
NEEDS = (("repair", 0.6), ("installation", 0.25), ("maintenance", 0.15))
TEAMS = ("north", "south", "harbour")
TRIPLE = ("late_engineer", "wrong_part", "no_callback")
PAIR = ("handed_over_twice", "policy_refused")
Row = dict[str, Any]


def _rule(name: str, op: str, value: Any) -> Row:
    return {"all": [{"field": name, "op": op, "value": value}]}


CONDITIONS: list[Row] = [
    {
        "code": "late_engineer",
        "name": "The engineer came later than promised",
        "kind": "capacity",
        "rule": _rule("promise_broken", "eq", True),
        "phrases": ["too late", "never came"],
    },
    {
        "code": "wrong_part",
        "name": "The part brought did not fit",
        "kind": "knowledge",
        "rule": _rule("attributes.part_fitted", "eq", False),
    },
    {
        "code": "no_callback",
        "name": "Nobody called back",
        "kind": "process",
        "rule": _rule("attributes.called_back", "eq", False),
        "phrases": ["called me back", "had to chase"],
    },
    {
        "code": "handed_over_twice",
        "name": "Handed over twice or more",
        "kind": "process",
        "rule": _rule("handovers", "ge", 2),
    },
    {
        "code": "policy_refused",
        "name": "A policy refused what was needed",
        "kind": "policy",
        "rule": _rule("attributes.policy_refused", "eq", True),
    },
    {"code": "far_away", "name": "Over 40 km away", "kind": "environment", "rule": _rule("attributes.km", "gt", 40)},
    {
        "code": "weekend",
        "name": "Opened at a weekend",
        "kind": "capacity",
        "rule": _rule("attributes.weekend", "eq", True),
    },
    {
        "code": "old_machine",
        "name": "Machine over ten years",
        "kind": "other",
        "rule": _rule("attributes.machine_age", "gt", 10),
    },
    {"code": "by_phone", "name": "Reported by phone", "kind": "other", "rule": _rule("channel", "eq", "phone")},
    {
        "code": "asked_permission",
        "name": "The engineer had to ask permission",
        "kind": "authority",
        "rule": _rule("permission_asked", "eq", True),
    },
]

SAID = {
    "no_callback": "Nobody called me back.",
    "late_engineer": "He came far too late.",
    "wrong_part": "The part did not fit.",
}
"""What customers who were failed write, by what was there; whom none of it met had to chase."""

PROPOSAL: Row = {
    "reference": "demo-part-at-the-door",
    "author": "Mara",
    "role": "field engineer",
    "team": "harbour",
    "kind": "decision_right",
    "customer_need": "My machine works again after the first visit.",
    "situation": "The part is chosen by the planner from the model number; half of the older machines were rebuilt.",
    "stops_me_now": ["wrong_part"],
    "proposed_change": "The engineer sees a photo of the type plate before loading the van and chooses the part.",
    "decision_right": {"action": "choose and order a part", "limit": 15000, "currency": "EUR"},
    "knowledge_needed": ["rebuild list of machines over ten years"],
    "tools_needed": ["photo upload on the customer's booking page"],
    "expected_effect": ["first", "keep"],
    "wanted": ["support", "permission"],
    "scope": "team",
}


@dataclass
class DemoWorld:
    """Rows as a CRM and a web form would report them, oldest first."""

    customers: list[Row] = field(default_factory=list)
    cases: list[Row] = field(default_factory=list)
    promises: list[Row] = field(default_factory=list)
    visits: list[Row] = field(default_factory=list)
    responses: list[Row] = field(default_factory=list)
    departures: list[Row] = field(default_factory=list)
    restorations: list[Row] = field(default_factory=list)


def build(now: datetime) -> DemoWorld:
    """Return the demo's history, ending now."""
    chance = random.Random(SEED)  # noqa: S311 - a story, not a secret
    world = DemoWorld()
    for number in range(1, CUSTOMERS + 1):
        _customer(world, chance, f"C-{number}", now)
    return world


def _customer(world: DemoWorld, chance: random.Random, reference: str, now: datetime) -> None:
    since = now - timedelta(days=chance.uniform(10, DAYS))
    name = f"{chance.choice(FIRST)} {chance.choice(LAST)}"
    value = {"amount": round(chance.lognormvariate(10.2, 0.6)), "currency": "EUR"}
    known = max(since, now - timedelta(days=DAYS))
    row = {
        "reference": reference,
        "name": name,
        "since": since,
        "value": value,
        "segment": chance.choice(("home", "office")),
        **loyalty.terms(reference),
    }
    world.customers.append({**row, **_known(known)})
    opened = known + timedelta(days=chance.expovariate(1 / 30))
    count = 0
    while opened < now - timedelta(days=1):
        count += 1
        failed = _case(world, chance, reference, f"{reference}-{count}", opened, now)
        left = (
            opened + timedelta(days=chance.uniform(12, 85)) if chance.random() < (0.38 if failed else 0.015) else None
        )
        if left is not None and left < now:
            departure = {"reference": f"D-{reference}", "customer": reference, "kind": "cancelled", "at": left}
            world.departures.append({**departure, "recorded_at": left})
            return
        opened += timedelta(days=5 + chance.expovariate(1 / 250))


def _case(
    world: DemoWorld, chance: random.Random, customer: str, reference: str, opened: datetime, now: datetime
) -> bool:
    """Tell one case; return whether it failed its customer."""
    there = _conditions(chance)
    need = chance.choices([name for name, _ in NEEDS], [share for _, share in NEEDS])[0]
    attributes = {
        "km": round(chance.expovariate(1 / 22)),
        "machine_age": chance.randint(0, 16),
        "weekend": opened.weekday() >= SATURDAY,
    }
    world.cases.append(
        {
            "reference": reference,
            "customer": customer,
            "need": need,
            "channel": chance.choice(("phone", "web", "chat")),
            "team": chance.choice(TEAMS),
            "demand": "failure" if need == "repair" else "value",
            "opened_at": opened,
            "needed_by": loyalty.needed_by(reference, opened),
            "attributes": attributes,
            **_known(opened),
        }
    )
    due = opened + timedelta(days=chance.randint(2, 4))
    visit = due + timedelta(hours=chance.uniform(2, 60) if "late_engineer" in there else -chance.uniform(1, 30))
    promise = {"case": reference, "promise": "visit", "what": "The engineer comes", "made_at": opened, "due_at": due}
    world.promises.append({**promise, **_known(opened)})
    if visit >= now:
        return False
    world.promises.append({**promise, "kept_at": visit, **_known(visit)})
    world.visits.append(_visit(reference, visit, there, chance))
    asked = visit + timedelta(days=1)
    answered = asked + timedelta(hours=chance.uniform(1, 30))
    failed = chance.random() < _failing(there)
    if answered < now and chance.random() < ANSWERING:
        world.responses.append(_response(reference, asked, answered, chance, there if failed else None))
        if failed:
            restored, told = loyalty.restored(reference, answered, now)
            world.restorations.append({"reference": reference, **restored, **_known(told)})
    return failed


def _conditions(chance: random.Random) -> set[str]:
    # A bad week makes all of them likelier at once: conditions keep company.
    strain = 0.3 if chance.random() < BAD_WEEKS else 0.0
    shares = {**dict.fromkeys(TRIPLE, 0.3 + strain), "handed_over_twice": 0.18 + strain / 2, "policy_refused": 0.15}
    return {code for code, share in shares.items() if chance.random() < share}


def _failing(there: set[str]) -> float:
    if there.issuperset(TRIPLE):
        return 0.78
    return 0.5 if there.issuperset(PAIR) else 0.05


def _visit(reference: str, visit: datetime, there: set[str], chance: random.Random) -> Row:
    return {
        "reference": reference,
        "done_at": visit,
        "handovers": chance.randint(2, 3) if "handed_over_twice" in there else chance.randint(0, 1),
        "contacts": 1 + ("no_callback" in there),
        "reopened": int("wrong_part" in there),
        "permission_asked": chance.random() < ASKED_PERMISSION,
        "attributes": {
            "part_fitted": "wrong_part" not in there,
            "called_back": "no_callback" not in there,
            "policy_refused": "policy_refused" in there,
        },
        **_known(visit),
    }


def _response(
    reference: str, asked: datetime, answered: datetime, chance: random.Random, failed_by: set[str] | None
) -> Row:
    failed = failed_by is not None
    satisfaction = chance.choice((1, 1, 2)) if failed else chance.choice((3, 4, 4, 5, 5, 5))
    answers: Row = {"satisfaction": satisfaction, "needs_met": "no" if failed else "fully"}
    answers |= loyalty.felt(reference, failed=failed)
    if failed_by is not None:
        answers["comment"] = next((SAID[code] for code in SAID if code in failed_by), "I had to chase it myself.")
    row = {"reference": f"R-{reference}", "survey": "post_interaction", "case": reference, "answers": answers}
    return {**row, "asked_at": asked, "answered_at": answered, "recorded_at": answered}


def _known(moment: datetime) -> Row:
    return {"occurred_at": moment, "recorded_at": moment}
