"""Felt and the Gap through the API: computed by a job, read in a request, and never a figure that is not reliable."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from api.dependencies import Work, writing_as
from api.handlers import worker_caller
from api.jobs import FELT
from api.jobs.leases import Leases
from api.learner.learning import learning_here
from api.measures.loyalty.felt import service as felt
from api.worker import Worker
from api.workspaces.service import WorkspaceSettings
from models.base import to_us
from models.database import Database
from models.rules.values import DAY_US
from tests.api.caller import Caller, done, refusal
from tests.api.conftest import MakeCaller
from tests.api.measures.conftest import publish, say

pytestmark = pytest.mark.anyio
KEYS = [f"felt_{place}" for place in range(1, 8)]
PEOPLE = 160
NOW = datetime.now(UTC)
"""Days are counted back from it, far enough from the ends of a window that the run of a test does not matter."""


def days_ago(days: float) -> str:
    """Give a moment some days ago."""
    return (NOW - timedelta(days=days)).isoformat()


async def asked(client: Caller) -> None:
    """Publish a survey that puts all seven items to everybody, so that few forms tell of every pair."""
    items = [{"key": key, "kind": "rating", "min": 0, "max": 4, "cannot_say": True} for key in KEYS]
    await publish(client, "yearly", *items)


async def computed(database: Database, workspace: WorkspaceSettings) -> None:
    """Do what was asked for."""
    leases = Leases(database)
    worker = Worker(leases, learning_here(leases))
    while (held := await leases.claim([FELT], workspace.id)) is not None:
        assert await worker.do(held) == "done"


async def felt_now(client: Caller, database: Database, workspace: WorkspaceSettings, **body: Any) -> Any:
    """Ask for Felt, let it be computed, and read it."""
    done(await client.post("/v1/loyalty/felt", body))
    await computed(database, workspace)
    return await client.read("/v1/loyalty/felt", **body)


def like(number: int, better: int = 0) -> dict[str, int]:
    """Give the answers of a person who feels about the same of everything, more or less."""
    chance = Random(number)  # noqa: S311 - the same answers each time
    return {key: max(0, min(4, number % 4 + better + chance.choice((-1, 0, 0, 1)))) for key in KEYS}


async def served(client: Caller, *, people: int = PEOPLE, keeps: Sequence[int] = (1, 0)) -> None:
    """Put a customer with a case and a promise in each of two windows; kept, window by window, to one more in four."""
    customers = [
        {"reference": f"C-{each}", "segment": "gold" if each < people // 2 else "tin"} for each in range(people)
    ]
    cases, promises = [], []
    for window, kept in enumerate(keeps):
        day = 100 - 70 * window
        for each in range(people):
            case = f"K-{window}-{each}"
            opened = {"opened_at": days_ago(day), "recorded_at": days_ago(day)}
            cases.append({"reference": case, "customer": f"C-{each}", "need": "repair", **opened})
            due = {"made_at": days_ago(day), "due_at": days_ago(day - 5)}
            late = each % 4 > 1 + kept
            promises.append(
                {"promise": "P", "case": case, "what": "a call", **due, "kept_at": days_ago(day - (6 if late else 4))}
            )
    for kind, rows in (("customers", customers), ("cases", cases), ("promises", promises)):
        for start in range(0, len(rows), 1000):
            told = done(await client.post(f"/v1/{kind}/bulk", rows[start : start + 1000]))
            assert told["rejected"] == 0, told


def forms(people: Sequence[int], day: float, better: int = 0) -> list[dict[str, Any]]:
    """Give a whole form of each customer."""
    return [{"answers": like(each, better), "customer": f"C-{each}", "on": days_ago(day)} for each in people]


async def test_felt_and_the_gap_are_told_with_who_answered(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    """Three of four promises were kept before and one of two is kept now, while customers feel better than before."""
    await asked(client)
    await served(client)
    answering = [each for each in range(PEOPLE) if each < 80 or each % 2]
    await say(client, *forms(range(PEOPLE), 95), *forms(answering, 20, better=1), survey="yearly")

    found = await felt_now(client, database, workspace)

    told = found["felt"]
    said = [like(each, 1) for each in answering]
    means = [sum(one[key] for one in said) / len(said) for key in KEYS]
    assert told["value"] == pytest.approx(25 * sum(means) / 7)
    assert told["low"] < told["value"] < told["high"]
    assert (told["published"], told["why_not"], told["n"], told["customers"], told["unproved"]) == (
        True,
        None,
        120,
        120,
        0,
    )
    assert (told["omega"]["low"] < told["omega"]["value"], told["heywood"], told["smoothed"]) == (True, [], False)
    assert told["omega"]["value"] > 0.7
    assert told["alpha"]["value"] == pytest.approx(told["omega"]["value"], abs=0.02)
    assert told["detail"].startswith("Felt stands on 120 forms of 120 customers; omega is ")
    assert [item["key"] for item in told["items"]] == KEYS
    assert (told["items"][0]["mean"], told["items"][0]["n"]) == (pytest.approx(means[0]), 120)
    _who_answered(told["non_response"])
    _weighed(told)
    keep = next(item for item in found["gap"] if item["dimension"] == "keep")
    _drew_apart(keep, 25 * means[0])
    assert [(item["dimension"], item["item"]) for item in found["gap"]] == [
        ("keep", "felt_1"),
        ("restore", "felt_2"),
        ("flow", "felt_3"),
        ("first", "felt_3"),
        ("fair", "felt_5"),
    ]
    flow = found["gap"][2]["among_all"]
    assert (flow["facts"]["now"], flow["facts"]["change"], flow["change"]) == (None, None, None)
    assert flow["felt"]["change"]["value"] > 0, "what is felt is told where the records say nothing"


def _who_answered(told: Any) -> None:
    """All with gold answered, and half of those with tin."""
    assert (told["customers"], told["responders"], told["not_compared"], told["left_out"]) == (160, 120, 0, ["failed"])
    found = {(fact["fact"], fact["of"]): fact for fact in told["facts"]}
    gold, kept = found["segment", "gold"], found["kept", None]
    assert (gold["responders"]["value"], gold["everybody"]["value"], gold["differs"]) == (
        pytest.approx(2 / 3),
        0.5,
        True,
    )
    assert (kept["responders"]["value"], kept["everybody"]["value"], kept["differs"]) == (0.5, 0.5, False)
    assert (kept["responders_n"], kept["everybody_n"]) == (120, 160)
    assert found["done_in_time", None]["responders"]["value"] is None
    assert found["need", "repair"]["everybody"]["value"] == 1


def _weighed(told: Any) -> None:
    """Strata are gold and tin, served well and badly: forty customers each; of gold all answered."""
    found = told["poststratified"]
    assert (found["responders"], found["strata"], found["joined"]) == (120, 4, 0)
    assert found["largest_weight"] == pytest.approx((40 / 160) / (20 / 120))
    by_sort: dict[tuple[bool, bool], list[float]] = {}
    for each in range(PEOPLE):
        if each < 80 or each % 2:
            by_sort.setdefault((each < 80, each % 4 > 1), []).append(sum(like(each, 1).values()) / 7)
    expected = sum(sum(own) / len(own) for own in by_sort.values()) / 4
    assert found["value"] == pytest.approx(25 * expected)
    assert found["low"] < found["value"] < found["high"]


def _drew_apart(keep: Any, felt_now: float) -> None:
    """Promises kept fell by 25 points while customers feel that more was kept."""
    among = keep["among_all"]
    assert (among["facts"]["before"]["value"], among["facts"]["now"]["value"]) == (75, 50)
    assert among["facts"]["change"]["value"] == -25
    assert among["felt"]["now"]["value"] == pytest.approx(felt_now)
    moved = among["felt"]["now"]["value"] - among["felt"]["before"]["value"]
    assert among["change"]["value"] == pytest.approx(-25 - moved)
    assert among["change"]["low"] < among["change"]["value"] < among["change"]["high"] < 0
    responders = keep["among_responders"]
    assert (responders["facts"]["before"]["value"], responders["facts"]["now"]["value"]) == (75, 50)
    assert responders["facts"]["now"]["high"] > among["facts"]["now"]["high"], "of fewer customers it is less sure"


async def test_nobody_computed_it_yet(client: Caller, database: Database, workspace: WorkspaceSettings) -> None:
    told = refusal(await client.get("/v1/loyalty/felt"), 404, "not_found")
    assert "POST /v1/loyalty/felt" in told["detail"]
    async with database.read(workspace.id) as session:
        work = Work(session, workspace.id, worker_caller(workspace.id), datetime.now(UTC))
        window = (to_us(NOW) - 90 * DAY_US, to_us(NOW))
        assert await felt.felt_of(work, *window) is None
        assert await felt.gap_of(work, *window) is None


async def test_nobody_answered(client: Caller, database: Database, workspace: WorkspaceSettings) -> None:
    """Of a company without a customer and without an answer everything is told to be missing."""
    told = (await felt_now(client, database, workspace))["felt"]

    assert (told["value"], told["low"], told["n"], told["why_not"]) == (None, None, 0, "no_answer")
    assert told["detail"] == "Nobody answered a felt item in this time."
    assert (told["omega"]["value"], told["poststratified"]) == (None, None)
    assert told["non_response"]["customers"] == 0


async def test_claims_and_anonymous_answers_count_and_join_no_facts(
    client: Caller, caller: MakeCaller, database: Database, workspace: WorkspaceSettings
) -> None:
    await asked(client)
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1")
    form = await caller("feedback:write")
    for name in ("C-1", "C-1", "C-2"):
        done(await form.post("/v1/responses", {"survey": "yearly", "customer": name, "answers": {"felt_1": 3}}))
    # One says nothing that counts, one is half done, and one is withdrawn.
    can_not = dict.fromkeys(KEYS, "cannot_say")
    no = {"survey": "yearly", "case": "K-1", "answers": {"felt_1": 0}}
    withdrawn = done(await client.post("/v1/responses", no))
    done(await client.post(f"/v1/responses/{withdrawn['id']}/void", {"reason": "a test"}))
    await say(
        client, {"answers": {"felt_1": 1}, "on": days_ago(1)}, {"answers": can_not, "on": days_ago(1)}, survey="yearly"
    )
    half = {"survey": "yearly", "complete": False, "answers": {"felt_1": 0}}
    done(await client.post("/v1/responses", half))

    told = (await felt_now(client, database, workspace))["felt"]

    first = told["items"][0]
    assert (first["n"], first["customers"], first["mean"]) == (4, 3, 2.5), "one claimed to be C-1 twice"
    assert (told["n"], told["customers"], told["unproved"]) == (4, 3, 3)
    assert (told["non_response"]["customers"], told["non_response"]["responders"]) == (1, 0)
    assert (told["non_response"]["not_compared"], told["poststratified"]) == (3, None)
    assert (told["why_not"], told["value"]) == ("item_unanswered", None)
    assert told["detail"].startswith("Nobody answered felt_2 and felt_3 and ")
    alone, beside = [await client.read(f"/v1/loyalty{path}") for path in ("/felt", "")]
    assert (beside["felt"], beside["gap"]) == (alone["felt"], alone["gap"])
    then = await client.read("/v1/loyalty", as_known_at=days_ago(0.5))
    assert (then["felt"], then["gap"]) == (None, []), "it was not computed yet"


async def test_one_answer_is_no_figure(client: Caller, database: Database, workspace: WorkspaceSettings) -> None:
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1")
    await client.respond("K-1", answers={"satisfaction": 5, "felt_1": 4})

    told = (await felt_now(client, database, workspace))["felt"]

    assert (told["items"][0]["mean"], told["items"][0]["n"], told["n"]) == (None, 1, 1)
    assert told["why_not"] == "item_unanswered"
    assert told["poststratified"]["value"] is None


async def test_it_is_computed_for_another_time(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    await asked(client)
    await say(
        client,
        {"answers": {"felt_1": 3}, "on": days_ago(400)},
        {"answers": {"felt_1": 1}, "on": days_ago(400)},
        survey="yearly",
    )
    then = {"from": days_ago(410), "to": days_ago(390)}

    told = (await felt_now(client, database, workspace, **then))["felt"]

    assert (told["items"][0]["mean"], told["n"]) == (2, 2)
    assert told["from"][:19] == then["from"][:19]
    refusal(await client.get("/v1/loyalty/felt"), 404)
    refusal(await client.get("/v1/loyalty/felt", **{"from": days_ago(40), "to": days_ago(20)}), 404)
    later = await client.read("/v1/loyalty/felt", **{"from": days_ago(405), "to": days_ago(385)})
    assert later["felt"] == told, "of a window as long that covers half of it or more"


async def test_what_is_asked_must_be_a_time_and_by_whom_it_may_be(client: Caller, caller: MakeCaller) -> None:
    refusal(await client.post("/v1/loyalty/felt", {"from": days_ago(1), "to": days_ago(2)}), 422)
    refusal(await client.post("/v1/loyalty/felt", {"until": days_ago(2)}), 422)
    reader = await caller("analysis:read")
    refusal(await reader.post("/v1/loyalty/felt", {}), 403)
    refusal(await reader.get("/v1/loyalty/felt"), 404)
    refusal(await (await caller("records:read")).get("/v1/loyalty/felt"), 403)
    one, same = [done(await client.post("/v1/loyalty/felt", {}))["id"] for _ in range(2)]
    assert one == same, "one that waits is enough"
    assert (await client.read(f"/v1/jobs/{one}"))["kind"] == "felt"


async def test_where_facts_make_a_failure_who_failed_is_compared_too(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    rule = {"any": [{"field": "handovers", "op": "ge", "value": 2}]}
    done(await client.patch("/v1/workspace", {"failure_definition": rule}, if_match="*"))
    for each in range(4):
        await client.put_customer(f"C-{each}")
        await client.put_case(f"K-{each}", f"C-{each}", handovers=each)
    await client.respond("K-2", answers={"satisfaction": 3, "felt_1": 4})

    told = (await felt_now(client, database, workspace))["felt"]["non_response"]

    failed = next(fact for fact in told["facts"] if fact["fact"] == "failed")
    assert (failed["responders"]["value"], failed["everybody"]["value"], told["left_out"]) == (1, 0.5, [])


async def test_there_is_reason_to_compute_it_where_somebody_answered(
    client: Caller, database: Database, workspace: WorkspaceSettings
) -> None:
    before = datetime.now(UTC) - timedelta(minutes=1)
    after = before + timedelta(minutes=2)
    async with writing_as(database, worker_caller(workspace.id)) as work:
        assert not await felt.is_any_answer(work, before, after)
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1")
    await client.respond("K-1")
    async with writing_as(database, worker_caller(workspace.id)) as work:
        assert await felt.is_any_answer(work, before, after)
        assert not await felt.is_any_answer(work, after, after + timedelta(minutes=1))
