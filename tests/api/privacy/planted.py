"""One customer whose word stands in every field that takes a text, in every kind of record: what the canary plants."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from models.database import Database
from models.holding import Deed
from models.ids import uuid7
from models.personal_data import HOLDINGS
from models.tables import metadata
from tests.api.caller import Caller, ago, done
from tests.api.roles.pulses.answering import answer_many, ask_staff, launch, let_a_night_go_by, links
from tests.api.suggesting import look_through

WITHOUT = {
    "analyses": "ids of cases",
    "challenger_risks": "ids, a moment and two numbers",
    "comment_suggestions": "ids, a phrase of the workspace's, and a score",
    "completions": "ids",
    "condition_set_findings": "ids of cases",
    "departure_versions": "choices and moments",
    "idempotent_answers": "sealed under the header itself",
    "invited_responses": "ids",
    "jobs": "ids and moments; what a failure may say is tried in test_sweep",
    "observation_versions": "choices and moments",
    "outreach_draws": "ids, a choice and moments",
    "quota_places": "keys of quotas",
    "revenue_versions": "an amount and choices",
    "rule_looks": "an id and a moment",
    "rule_observations": "ids and moments",
}
"""Tables in which no text of the caller's is, each with what is there instead."""


async def plant(client: Caller, form: Caller, word: str) -> None:
    """Tell of the customer, under an old reference too that is merged into the new one."""
    await plant_a_customer(client, word)
    await plant_a_customer(client, f"{word}-old")
    await plant_what_staff_write(client, word)
    await plant_contacts(client, word)
    await plant_answers(client, form, word)
    await plant_answers(client, form, f"{word}-old")
    done(await client.post(f"/v1/customers/{word}-old/merge", {"into": word}, idempotency_key=f"{word}-merge"))


async def plant_a_customer(client: Caller, word: str) -> None:
    """Tell of a customer, cases, promises, and of others who name them."""
    attributes = {word: word, "list": [word, {"deep": word}]}
    texts = {"name": word, "email": f"{word}@example.org", "segment": word, "referred_by": word}
    await client.put_customer(word, **texts, attributes=attributes, recorded_at=ago(days=200))
    await client.put_customer(word, name=f"{word} again")
    words = {"need": word, "channel": word, "team": word, "caused_by_case": word, "attributes": attributes}
    await client.put_case(word, word, **words, opened_at=ago(days=100), recorded_at=ago(days=100), handovers=4)
    await client.put_case(f"{word}-2", word, attributes={"n": word})
    await client.promise(word, word, what=word)
    await client.put_customer(f"friend-of-{len(word)}", referred_by=word)
    await client.put_case(f"after-{len(word)}", f"friend-of-{len(word)}", caused_by_case=word)


async def plant_contacts(client: Caller, word: str) -> None:
    """Tell what happened in a case, what it cost, what was paid, and that the customer left."""
    await client.observe(word, "rude", reference=word)
    await client.interact(word, reference=word, channel=word, team=word)
    await client.interact(word, reference=f"{word}-v")
    await client.void(f"/v1/interactions/{word}-v", f"{word} did not call")
    await client.cost(word, reference=word, kind=word, source=word, minutes=5)
    await client.pay(word, reference=word)
    await client.leave(word, reference=word)
    left = {"customer": word, "kind": "closed", "at": ago(days=1), "reference": f"{word}-d"}
    done(await client.post("/v1/departures", left, idempotency_key="k"))
    await client.void(f"/v1/departures/{word}-d", f"{word} only asked")


async def plant_answers(client: Caller, form: Caller, word: str) -> None:
    """Let the customer answer: at once, in steps, by an invitation, by a key that only claims, with a key kept."""
    answers = {"comment": f"{word} was rude", "should_not_have_happened": word, "needs_met": "no"}
    await client.respond(word, satisfaction=1, answers=answers, reference=word)
    begun = {"survey": "post_interaction", "case": word, "answers": {"comment": f"{word} at first"}, "complete": False}
    step = done(await client.post("/v1/responses", begun))
    done(await client.patch(f"/v1/responses/{step['id']}", {"answers": {"satisfaction": 2, "comment": f"{word} then"}}))
    asked = {"survey": "post_interaction", "customer": word, "case": word, "reference": word}
    invited = done(await client.post("/v1/invitations", asked, idempotency_key=f"{word}-asked"))
    given = {"survey": "post_interaction", "answers": {"satisfaction": 1, **answers}}
    done(await form.post("/v1/responses", {**given, "invitation": invited["token"]}))
    claim = {**given, "customer": word, "case": word}
    done(await form.post("/v1/responses", claim, idempotency_key=word))
    slug = (await client.read("/v1/workspace"))["slug"]
    page = f"/f/{slug}/post_interaction?customer={word}&case={word}"
    said = {"answers": given["answers"], "complete": False, "source": f"letter to {word}"}
    done(await client.http.post(page, json=said))


async def plant_what_staff_write(client: Caller, word: str) -> None:
    """Let staff write of the customer: where a case is named, and in sentences of their own."""
    sentence = f"Ask {word}, or write to {word.upper()}@example.org about #{word}-2."
    heard = {"reference": word, "case": word, "what": word, "need": word, "team": word, "heard_by": word}
    done(await client.post("/v1/heard", heard))
    done(await client.post("/v1/heard", {"reference": "unlinked", "what": sentence}))
    judged = {"reference": word, "verdict": "wrong_reason", "conditions": ["rude"], "note": sentence}
    done(await client.post(f"/v1/customers/{word}/risk/feedback", judged))
    texts = dict.fromkeys(("team", "owner", "promise", "note"), word)
    done(await client.post("/v1/follow-ups", {"reference": word, "case": word, **texts}))
    others = {"reference": "F-1", "customer": f"friend-of-{len(word)}", "promise": sentence, "note": sentence}
    done(await client.post("/v1/follow-ups", others))
    drawn = {"conditions": ["rude", "late"], "cases": [word], "note": sentence}
    done(await client.post("/v1/condition-sets", drawn))
    done(await client.post("/v1/scorecards", {"reason": sentence}))
    evidence = {"cases": [word], "responses": [word]}
    await client.offer_role("P-1", situation=sentence, customer_need=sentence, evidence=evidence)
    await client.answer_role("P-1", "ask", reason=sentence)
    await client.countermeasure("M-1", title=sentence)
    done(await client.post("/v1/measures-in-use", {"reference": "U-1", "name": sentence}))
    request = {"reference": "S-1", "team": "north", "kind": "tool", "what": sentence}
    done(await client.post("/v1/support-requests", request))
    await client.void("/v1/support-requests/S-1", sentence)


async def plant_what_is_missing(database: Database, workspace_id: UUID, word: str) -> None:
    """Let people name what was missing in a case of the customer's, and the customer in one of somebody else's."""
    cases, analyses, missing = (metadata.tables[name] for name in ("cases", "analyses", "missing_conditions"))
    async with database.write(workspace_id) as session:
        analysis = await session.scalar(select(analyses.c.id).where(analyses.c.workspace_id == workspace_id))
        for reference in (word, f"after-{len(word)}"):
            case = await session.scalar(select(cases.c.id).where(cases.c.reference == reference))
            row = {"workspace_id": workspace_id, "id": uuid7(), "analysis_id": analysis, "case_id": case}
            said = {"words": f"no key, see {word}", "actor": "key:1", "recorded_at": datetime.now(UTC)}
            await session.execute(missing.insert().values(**row, **said))


async def plant_a_model(database: Database, workspace_id: UUID, word: str) -> None:
    """Let somebody name the customer in why a model is to serve."""
    models, decisions = (metadata.tables[name] for name in ("risk_models", "model_decisions"))
    here = {"workspace_id": workspace_id, "id": uuid7()}
    numbers = {"n_customers": 2, "n_departures": 1, "sha256": "0" * 64, "basis": "blended"}
    learnt = {"name": "a model", "state": "retired", "document": {}, "card": {}, "created_at": datetime.now(UTC)}
    decided = {"decision": "promoted", "was": "candidate", "anyway": True, "reason": f"It found {word} in time."}
    async with database.write(workspace_id) as session:
        await session.execute(models.insert().values(**here, **numbers, **learnt))
        row = {**here, "id": uuid7(), "model_id": here["id"], **decided}
        await session.execute(decisions.insert().values(**row, actor="key:1", recorded_at=datetime.now(UTC)))


async def plant_decisions(client: Caller, database: Database, workspace_id: UUID, word: str) -> None:
    """Let a worker look through what the customer wrote, and people decide on what it finds."""
    await client.catalogue("rude", phrases=["was rude"])
    assert await look_through(database, workspace_id) > 0
    for place, one in enumerate(await client.read_all("/v1/suggestions")):
        decision = "confirm" if place % 2 == 0 else "decline"
        done(await client.post(f"/v1/suggestions/{one['id']}/{decision}", {"note": f"Asked {word}."}))


async def plant_a_pulse(client: Caller, database: Database, workspace_id: UUID, word: str) -> None:
    """Let staff write of the customer in a pulse, and let it be released."""
    await ask_staff(client)
    await launch(client)
    at = (await links(client))[None]
    await answer_many(client, at, 10, why=f"Ask {word} of the key, or write to {word}@example.org.")
    await let_a_night_go_by(database, workspace_id)


async def unplanted(database: Database, workspace_id: UUID, word: str) -> set[str]:
    """Give the tables that may hold something of a customer and in which the word is not found."""
    names = {holding.table for holding in HOLDINGS if holding.deed is not Deed.NOBODY}
    async with database.read(workspace_id) as session:
        return {name for name in names if not _holds(await session.execute(select(metadata.tables[name])), word)}


def _holds(rows: Any, word: str) -> bool:
    return any(word in str(row) for row in rows)
