"""What belongs to the forty cases, and how all of it is told: promises, contacts, answers, customers, needs, teams."""

from datetime import UTC, datetime

from tests.api.caller import Caller, done
from tests.api.measures.loyalty.forty_cases import AGAIN, CASES, LATER, Row, at

ZONE = "Asia/Tokyo"
FROM, TO = "2026-03-02", "2026-03-30"
YES: Row = {"satisfaction": 5, "needs_met": "fully"}
NO: Row = {"satisfaction": 1, "needs_met": "no"}


def promised(case: str, promise: str, made: str, due: str, kept: str | None = None) -> Row:
    """Give a promise as it was made, and kept."""
    own = {} if kept is None else {"kept_at": at(kept)}
    told = {"what": "it works again", "made_at": at(made), "due_at": at(due), "occurred_at": at(made)}
    return {"case": case, "promise": promise, **told, **own}


def moved(case: str, promise: str, when: str, due: str, by: str | None) -> Row:
    """Give the new date of a promise, and who asked for it."""
    own = {} if by is None else {"moved_by": by}
    return {"case": case, "promise": promise, "due_at": at(due), "occurred_at": at(when), **own}


PROMISES = [
    promised("K01", "p", "03-02 09:00", "03-04 17:00", "03-04 15:00"),
    # Days run to their end in Tokyo: kept ten minutes before it, and ten minutes after it.
    promised("K02", "p", "03-09 10:00", "03-11", "03-11 23:50"),
    promised("K03", "p", "03-10 08:00", "03-12", "03-13 00:10"),
    promised("K04", "p", "03-03 11:00", "03-05 17:00", "03-06 12:00"),
    promised("K05", "p", "03-04 09:00", "03-06 17:00", "03-09 10:00"),
    # Past due, and nobody recorded anything.
    promised("K21", "p", "03-16 09:00", "03-17 12:00"),
    promised("K23", "p1", "03-16 00:30", "03-16 12:00", "03-16 11:00"),
    promised("K23", "p2", "03-16 00:30", "03-18 12:00", "03-18 12:01"),
    promised("K23", "p3", "03-16 00:30", "04-02 12:00", "03-20 12:00"),
    promised("K23", "withdrawn", "03-16 00:30", "03-17 12:00"),
    promised("K24", "p", "03-28 09:00", "03-29 12:00", "03-29 11:00"),
    promised("K25", "p", "02-25 09:00", "02-27 12:00"),
    promised("K28", "p", "03-10 10:00", "03-11 12:00"),
    promised("K29", "p", "03-09 10:00", "03-10 12:00", "03-16 11:00"),
    promised("K33", "p", "03-16 09:00", "03-18 12:00"),
    promised("K35", "p", "03-04 09:00", "03-05 12:00", "03-05 13:00"),
    promised("K36", "p", "03-25 09:00", "03-27 12:00", "03-26 12:00"),
    promised("K37", "p", "03-24 09:00", "03-24 17:00", "03-27 12:00"),
    promised("K40", "p", "03-26 09:00", "03-27", "03-27 22:00"),
]
MOVED = [
    [
        # By the company: the old date stays in force, and was missed.
        moved("K04", "p", "03-05 09:00", "03-07 17:00", "company"),
        # By the customer: the new date is in force.
        moved("K05", "p", "03-05 09:00", "03-10 17:00", "customer"),
        # By nobody: the date had been told wrong.
        moved("K29", "p", "03-09 11:00", "03-17 12:00", None),
        # By the customer to the 26th, and by the company to the 28th: the 26th is in force.
        moved("K37", "p", "03-24 12:00", "03-26 17:00", "customer"),
    ],
    [moved("K37", "p", "03-26 12:00", "03-28 17:00", "company")],
]
KEPT_LATER: list[Row] = [
    {"case": "K33", "promise": "p", "kept_at": at("03-18 11:00"), "occurred_at": at("03-18 11:00")}
]

# Case, moment, and what staff say of it: v(alue), f(ailure), u(nknown) or nothing.
CONTACTS = """
K01 03-02 09:00 v
K02 03-09 10:00 v
K03 03-10 08:00 v
K03 03-12 18:00 f
K04 03-03 11:00 u
K05 03-04 09:00 f
K06 03-05 14:00 v
K07 03-02 10:00 v
K07 03-06 09:00 f
K08 03-20 10:00 v
K08 03-24 10:00 f
K09 03-03 09:00 v
K10 03-12 09:00
K11 03-03 09:00 v
K12 03-10 09:00 f
K13 03-09 09:00 v
K14 03-16 09:00
K15 03-16 10:00 v
K16 03-17 10:00 f
K17 03-02 11:00 v
K18 03-02 11:00 v
K18 03-18 10:01 f
K19 03-09 10:00 v
K19 03-12 14:00 f
K20 03-10 10:00 v
K21 03-16 09:00 v
K21 03-18 09:00 f
K22 03-23 09:00 v
K22 03-25 09:00 f
K23 03-16 00:30 v
K24 03-28 09:00 v
K25 02-25 09:00 v
K25 03-02 09:00 f
K26 02-20 09:00 f
K27 03-23 10:00
K28 03-10 10:00 f
K29 03-09 10:00 v
K30 03-11 10:00 v
K31 03-24 09:00 v
K31 03-26 09:00 v
K33 03-16 09:00 u
K34 03-23 09:00 v
K35 03-04 09:00 v
K36 03-25 09:00 v
K37 03-24 09:00 f
K39 03-18 10:00 v
K40 03-26 09:00 v
"""
CONTACTS_LATER = """
K32 03-17 09:00 v
K33 03-16 09:00 f
"""
DEMANDS = {"v": "value", "f": "failure", "u": "unknown"}


def contact(line: str) -> Row:
    """Give a contact as told; of one case and moment there is one, and told again it is corrected."""
    case, day, hour, *demand = line.split()
    own = {"demand": DEMANDS[demand[0]]} if demand else {}
    reference = f"I-{case}-{day}-{hour.replace(':', '')}"
    return {"reference": reference, "case": case, "channel": "phone", "occurred_at": at(f"{day} {hour}"), **own}


def answer(case: str, when: str, said: Row, reason: str | None = None) -> Row:
    """Give what a customer answered about a case."""
    answers = said if reason is None else {**said, "contact_reason": reason}
    return {"survey": "post_interaction", "case": case, "answered_at": at(when), "answers": answers}


ANSWERS = [
    answer("K01", "03-05 10:00", YES),
    # The customer's own word comes first: staff called this contact failure demand, and the next one value demand.
    answer("K05", "03-09 20:00", YES, "new_need"),
    answer("K06", "03-07 10:00", NO, "went_wrong"),
    answer("K07", "03-05 18:00", NO),
    answer("K07", "03-12 15:00", YES),
    answer("K10", "03-14 18:00", {**YES, "satisfaction": 4}, "chasing"),
    answer("K13", "03-10 18:00", YES),
    answer("K16", "03-21 10:00", {"satisfaction": 3, "needs_met": "partly"}, "unclear"),
    answer("K17", "03-20 10:00", {"satisfaction": 5}),
    answer("K19", "03-12 10:00", NO),
    answer("K19", "03-14 18:00", YES),
    answer("K20", "03-12 10:00", {"satisfaction": 2}),
    answer("K21", "03-18 18:00", NO),
    answer("K22", "03-25 18:00", NO),
    answer("K22", "03-26 15:00", YES),
    answer("K29", "03-16 18:00", YES),
    answer("K30", "03-12 20:00", YES, "other"),
    answer("K31", "03-24 18:00", {"satisfaction": 4}, "new_need"),
    answer("K31", "03-26 18:00", YES, "chasing"),
    answer("K35", "03-05 20:00", YES),
    answer("K39", "03-19 20:00", YES),
    answer("K39", "03-21 10:00", NO),
]
ANSWERS_LATER = [answer("K34", "03-27 10:00", NO, "went_wrong")]

# Whose terms, and whose waiting, are no worse than a new customer's: y(es), n(o), or nobody knows. C-23 left before.
CUSTOMERS = """
C-01 yy  C-02 yy  C-03 ny  C-04 yy  C-05 yn  C-06 yy  C-07 y?  C-08 yy  C-09 ?n  C-10 yy  C-11 yy  C-12 ??
C-13 yy  C-14 yy  C-15 nn  C-16 yy  C-17 yy  C-18 yy  C-19 yy  C-20 yy  C-21 yy  C-22 ny  C-23 nn
"""
LEFT = {"customer": "C-23", "kind": "cancelled", "at": at("02-10 12:00")}


def a_customer(reference: str, treated: str) -> Row:
    """Give a customer as told at the beginning of the year."""
    known = zip(("terms_as_new", "waiting_as_new"), treated, strict=True)
    told = {name: sign == "y" for name, sign in known if sign != "?"}
    return {"reference": reference, "since": at("01-02 09:00"), "occurred_at": at("01-05 09:00"), **told}


async def in_bulk(client: Caller, kind: str, rows: list[Row]) -> None:
    """Tell rows of a kind, all of which must be taken."""
    found = done(await client.post(f"/v1/{kind}/bulk", rows))
    assert found["rejected"] == 0, found


async def tell_forty(client: Caller, *, backwards: bool = False) -> str:
    """Tell all but what came late, in the order of time or against it; give the moment after it."""
    step = -1 if backwards else 1
    done(await client.patch("/v1/workspace", {"zone": ZONE}, if_match="*"))
    done(await client.put("/v1/needs/repair", {"name": "Repair", "customer_time": "P5D"}))
    done(await client.put("/v1/needs/billing", {"name": "Billing"}))
    done(await client.put("/v1/teams/south", {"name": "South", "former_names": ["south-old"]}))
    words = CUSTOMERS.split()
    people = [a_customer(*pair) for pair in zip(words[::2], words[1::2], strict=True)]
    await in_bulk(client, "customers", people)
    done(await client.post("/v1/departures", LEFT))
    await in_bulk(client, "cases", CASES[::step])
    await in_bulk(client, "cases", AGAIN)
    for promises in (PROMISES, *MOVED[::step]):
        await in_bulk(client, "promises", promises[::step])
    await in_bulk(client, "interactions", [contact(line) for line in CONTACTS.strip().splitlines()][::step])
    await in_bulk(client, "responses", ANSWERS[::step])
    await client.void("/v1/cases/K28")
    await client.void("/v1/cases/K23/promises/withdrawn")
    return datetime.now(UTC).isoformat()


async def tell_later(client: Caller) -> None:
    """Tell what came late."""
    await in_bulk(client, "cases", LATER)
    await in_bulk(client, "promises", KEPT_LATER)
    await in_bulk(client, "interactions", [contact(line) for line in CONTACTS_LATER.strip().splitlines()])
    await in_bulk(client, "responses", ANSWERS_LATER)
