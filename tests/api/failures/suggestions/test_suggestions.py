"""Comments are led to conditions by the workspace's phrases, and people say whether they speak of them."""

import asyncio
from typing import Any

import pytest

from tests.api.caller import Caller, ago, done, refusal
from tests.api.conftest import MakeCaller, MakeWorkspace
from tests.api.failures.suggestions.conftest import Look, Say

pytestmark = pytest.mark.anyio

PHRASES = ["too late", "zu spät", "verspät*", "en retard", "tarde", "tarde demais", "*متأخر*"]
SUGGESTIONS = "/v1/suggestions"


async def late(client: Caller, **fields: Any) -> Any:
    """Catalogue lateness with what customers say of it."""
    return await client.catalogue("late", phrases=PHRASES, **fields)


async def decide(client: Caller, suggestion: Any, decision: str, note: str | None = None, **headers: str) -> Any:
    """Decide on a suggestion."""
    path = f"{SUGGESTIONS}/{suggestion['id']}/{decision}"
    return await client.post(path, None if note is None else {"note": note}, **headers)


async def test_a_comment_with_a_phrase_is_suggested_and_says_nothing_yet(client: Caller, say: Say, look: Look) -> None:
    await late(client)
    response = await say("The man was nice. He came TOO late, though.", language="en")
    await say("All is well.", 2)
    [found] = await look()
    assert (found["condition"], found["case"], found["response"]) == ("late", "K-1", response)
    assert (found["state"], found["basis"], found["phrase"], found["score"]) == (
        "suggested",
        "phrase",
        "too late",
        None,
    )
    assert (found["version"], found["decided_by"], found["language"]) == (0, None, "en")
    assert found["excerpt"] == "The man was nice. He came TOO late, though."
    assert (await client.read("/v1/observations"))["items"] == []
    assert (await client.read(f"/v1/responses/{response}"))["id"] == response
    assert await look() == [found]
    whole = await client.get(f"{SUGGESTIONS}/{found['id']}")
    assert done(whole) == {**found, "comment": found["excerpt"]}
    assert whole.headers["etag"] == '"0"'


async def test_a_confirmed_one_is_seen_in_its_case_from_then_on(client: Caller, say: Say, look: Look) -> None:
    await late(client)
    await say("too late", answered_at=ago(days=2), recorded_at=ago(days=2))
    [found] = await look()
    answer = await decide(client, found, "confirm", "called to be sure")
    confirmed = done(answer)
    assert (confirmed["state"], confirmed["version"], confirmed["note"]) == ("confirmed", 1, "called to be sure")
    assert confirmed["decided_by"].startswith("key:")
    assert answer.headers["etag"] == '"1"'
    [seen] = (await client.read("/v1/observations", source="comment"))["items"]
    assert (seen["case"], seen["condition"], seen["state"]) == ("K-1", "late", "present")
    assert seen["observed_at"] == confirmed["answered_at"] < seen["recorded_at"]
    assert done(await decide(client, found, "confirm"))["version"] == 1
    assert done(await decide(client, found, "confirm", "and again"))["version"] == 2
    assert len((await client.read("/v1/observations"))["items"]) == 1
    told = (await client.read("/v1/audit", action="suggestion.confirmed"))["items"]
    assert [entry["details"] for entry in told] == [{"condition": "late", "basis": "phrase"}] * 2


async def test_whoever_decides_otherwise_says_what_was_read(client: Caller, say: Say, look: Look) -> None:
    await late(client)
    await say("too late")
    [found] = await look()
    done(await decide(client, found, "confirm"))
    refusal(await decide(client, found, "decline"), 428, "precondition_required")
    refusal(await decide(client, found, "decline", if_match='"9"'), 412, "precondition_failed")
    declined = done(await decide(client, found, "decline", "of another firm", if_match='"1"'))
    assert (declined["state"], declined["version"]) == ("declined", 2)
    assert (await client.read("/v1/observations"))["items"] == []
    [gone] = (await client.read("/v1/observations", voided="true"))["items"]
    assert gone["voided"]
    again = done(await decide(client, found, "confirm", if_match="*"))
    assert (again["state"], again["version"]) == ("confirmed", 3)
    [back] = (await client.read("/v1/observations"))["items"]
    assert back["reference"] == gone["reference"]


async def test_a_declined_one_says_nothing_and_is_not_suggested_again(client: Caller, say: Say, look: Look) -> None:
    await late(client)
    await say("never too late")
    [found] = await look()
    done(await decide(client, found, "decline"))
    [still] = await look()
    assert still["state"] == "declined"
    assert (await client.read("/v1/observations", voided="true"))["items"] == []


async def test_of_two_who_decide_at_once_one_is_first(client: Caller, say: Say, look: Look) -> None:
    await late(client)
    await say("too late")
    [found] = await look()
    same = await asyncio.gather(*(decide(client, found, "confirm") for _ in range(3)))
    assert {done(answer)["version"] for answer in same} == {1}
    assert len((await client.read("/v1/observations"))["items"]) == 1
    await say("too late", 2)
    other = next(one for one in await look() if one["case"] == "K-2")
    both = await asyncio.gather(decide(client, other, "confirm"), decide(client, other, "decline"))
    assert sorted(answer.status_code for answer in both) == [200, 428]
    stands = (await client.read(f"{SUGGESTIONS}/{other['id']}"))["state"]
    seen = (await client.read("/v1/observations", case="K-2"))["items"]
    assert len(seen) == (stands == "confirmed")


async def test_many_are_decided_in_one_request_each_for_itself(client: Caller, say: Say, look: Look) -> None:
    await late(client)
    for who in range(4):
        await say("zu spät", who)
    found = await look()
    done(await decide(client, found[3], "decline"))
    rows = [{"id": one["id"], "decision": "confirm", "note": "read"} for one in found]
    rows += [{"id": "00000000-0000-0000-0000-000000000001", "decision": "decline"}]
    rows += [{"id": found[3]["id"], "decision": "confirm", "version": 1}, {"id": "x", "decision": "perhaps"}]
    told = done(await client.post(f"{SUGGESTIONS}/bulk", rows))
    assert (told["accepted"], told["unchanged"], told["rejected"]) == (4, 0, 3)
    problems = [result["problem"] and result["problem"]["code"] for result in told["results"]]
    assert problems == [None, None, None, "precondition_required", "not_found", None, "malformed"]
    again = done(await client.post(f"{SUGGESTIONS}/bulk", rows[:3]))
    assert (again["accepted"], again["unchanged"]) == (0, 3)
    whole = await client.post(f"{SUGGESTIONS}/bulk?atomic=true", [{"id": found[0]["id"], "decision": "decline"}])
    refusal(whole, 422, "bulk_rejected")
    assert len((await client.read("/v1/observations"))["items"]) == 4


async def test_the_list_is_narrowed_and_has_pages(client: Caller, say: Say, look: Look) -> None:
    await late(client)
    await client.catalogue("rude", phrases=["rude"])
    first = await say("too late and rude")
    await say("rude", 2)
    assert len(await look()) == 3
    for narrow, many in (
        ({"condition": "rude"}, 2),
        ({"case": "K-1"}, 2),
        ({"response": first}, 2),
        ({"state": "confirmed"}, 0),
        ({"basis": "phrase"}, 3),
        ({"basis": "learnt"}, 0),
        ({"updated_since": ago(hours=-1)}, 0),
    ):
        assert len(await client.read_all(SUGGESTIONS, limit=1, **narrow)) == many, narrow
    assert len(await client.stream(SUGGESTIONS)) == 3
    refusal(await client.get(SUGGESTIONS, state="perhaps"), 422, "malformed")
    refusal(await client.get(f"{SUGGESTIONS}/00000000-0000-0000-0000-000000000001"), 404)


async def test_who_may_not_read_records_sees_no_word(client: Caller, caller: MakeCaller, say: Say, look: Look) -> None:
    await late(client)
    await say("too late, says Ana")
    [found] = await look()
    analyst = await caller("analysis:read")
    for shown in ((await analyst.read(SUGGESTIONS))["items"][0], await analyst.read(f"{SUGGESTIONS}/{found['id']}")):
        assert (shown["excerpt"], shown.get("comment")) == (None, None)
        assert (shown["case"], shown["phrase"]) == ("K-1", "too late")
    reader = await caller("analysis:read", "records:read")
    assert "Ana" in (await reader.read(f"{SUGGESTIONS}/{found['id']}"))["comment"]
    refusal(await decide(reader, found, "confirm"), 403, "missing_scope")
    refusal(await (await caller("records:read")).get(SUGGESTIONS), 403, "missing_scope")


async def test_another_workspace_sees_nothing(
    client: Caller, caller: MakeCaller, make_workspace: MakeWorkspace, say: Say, look: Look
) -> None:
    await late(client)
    await say("too late")
    [found] = await look()
    other = await caller("admin", of=await make_workspace("Another"))
    assert (await other.read(SUGGESTIONS))["items"] == []
    refusal(await decide(other, found, "confirm"), 404)
    refusal(await other.get(f"{SUGGESTIONS}/{found['id']}"), 404)


@pytest.mark.parametrize(
    ("language", "comment", "phrase"),
    [
        ("en", "He was too late", "too late"),
        ("de", "Der Monteur war stark verspätet", "verspät*"),
        ("fr", "Il était en retard", "en retard"),
        ("es", "Llegó tarde", "tarde"),
        ("pt", "Chegou tarde demais", "tarde demais"),
        ("ar", "وصل الفني متأخرا", "*متأخر*"),
    ],
)
async def test_a_survey_in_six_languages_is_read_in_each(
    client: Caller, say: Say, look: Look, language: str, comment: str, phrase: str
) -> None:
    await late(client)
    await say(comment, language=language)
    [found] = await look()
    assert (found["language"], found["phrase"], found["excerpt"]) == (language, phrase, comment)


async def test_odd_comments_are_read_like_any(client: Caller, say: Say, look: Look) -> None:
    await late(client)
    assert await say("😡" * 500)
    long = ("x y " * 2500)[:9989] + " too late!"
    assert len(long) <= 10_000
    await say(long[:4000], 2, answers={"should_not_have_happened": "it was too late"})
    [found] = await look()
    assert found["case"] == "K-2"
    assert "too late" in found["excerpt"]
    assert len(found["excerpt"]) <= 282


async def test_a_comment_of_ten_thousand_characters_is_read_to_its_end(client: Caller, look: Look) -> None:
    await late(client)
    asked = {"key": "why", "kind": "text", "texts": {"en": "Why?"}, "max_length": 10_000}
    done(await client.post("/v1/surveys", {"key": "visit", "questions": [asked]}))
    done(await client.post("/v1/surveys/visit/publish"))
    await client.put_customer("C-1")
    await client.put_case("K-1", "C-1")
    comment = "so it went " * 909 + "late"
    comment = comment[: 10_000 - 9] + " too late"
    done(await client.post("/v1/responses", {"survey": "visit", "case": "K-1", "answers": {"why": comment}}))
    [found] = await look()
    assert found["excerpt"].endswith("too late")
    assert (await client.read(f"{SUGGESTIONS}/{found['id']}"))["comment"] == comment


async def test_a_claim_and_what_staff_write_are_not_looked_at(
    client: Caller, caller: MakeCaller, look: Look, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    await late(client)
    await say("fine")
    form = await caller("feedback:write")
    claim = {"survey": "post_interaction", "answers": {"satisfaction": 1, "comment": "too late"}}
    done(await form.post("/v1/responses", {**claim, "case": "K-1", "customer": "C-1"}))
    done(await client.post("/v1/responses", claim))
    rating = {"key": "tools", "kind": "rating", "metric_key": "pulse_tools", "texts": {"en": "I have the tools."}}
    text = {"key": "why", "kind": "text", "texts": {"en": "Why?"}}
    done(await client.post("/v1/surveys", {"key": "team_round", "questions": [rating, text]}))
    done(await client.post("/v1/surveys/team_round/publish"))
    # As it was stored before pulses took what staff say.
    monkeypatch.setattr("api.feedback.surveys.is_of_staff", lambda _questions: False)
    done(await client.post("/v1/responses", {"survey": "team_round", "case": "K-1", "answers": {"why": "too late"}}))
    half = {"survey": "post_interaction", "case": "K-1", "answers": {"comment": "too late"}, "complete": False}
    done(await client.post("/v1/responses", half))
    assert await look() == []


async def test_whoever_objects_to_being_judged_is_left_alone(client: Caller, say: Say, look: Look) -> None:
    await late(client)
    await say("too late")
    await say("too late", 2)
    assert len(await look()) == 2
    await client.put_customer("C-1", objects_to_scoring=True)
    [left] = await look()
    assert left["case"] == "K-2"
    told = await client.read(f"{SUGGESTIONS}/conditions")
    assert told["conditions"][0]["suggested"] == 1


async def test_phrases_are_part_of_a_condition(client: Caller) -> None:
    stored = await late(client)
    assert stored["phrases"] == PHRASES
    assert (await client.catalogue("late", name="Late"))["phrases"] == PHRASES
    assert (await client.catalogue("late", phrases=None))["phrases"] == []
    body = {"code": "late", "name": "Late", "kind": "process"}
    for wrong in (["a"], ["!"], ["x" * 101], ["too late"] * 101, "too late", [7]):
        refusal(await client.post("/v1/conditions", {**body, "phrases": wrong}), 422, "malformed")


async def test_a_new_phrase_looks_back_at_past_comments(client: Caller, say: Say, worker: Any) -> None:
    await say("nobody called me back")
    await client.catalogue("no_callback", phrases=["called me back"])
    await worker.work_off()
    [found] = (await client.read(SUGGESTIONS))["items"]
    assert found["condition"] == "no_callback"


async def test_how_suggestions_fared_is_told_with_n_and_interval(client: Caller, say: Say, look: Look) -> None:
    await late(client)
    await client.catalogue("rude")
    for who in range(6):
        await say("too late", who)
    found = await look()
    for one, decision in zip(found, ("confirm", "confirm", "confirm", "decline"), strict=False):
        done(await decide(client, one, decision))
    told = await client.read(f"{SUGGESTIONS}/conditions")
    assert told["model"] is None
    of_late, of_rude = told["conditions"]
    counted = {name: of_late[name] for name in ("condition", "phrases", "suggested", "confirmed", "declined", "n")}
    assert counted == {
        "condition": "late",
        "phrases": len(PHRASES),
        "suggested": 2,
        "confirmed": 3,
        "declined": 1,
        "n": 4,
    }
    assert of_late["precision"] == 0.75
    assert 0 < of_late["low"] < 0.75 < of_late["high"] < 1
    assert (of_late["customers"], of_late["learnt_from"]) == (4, 30)
    assert [one["basis"] for one in of_late["by_basis"]] == ["phrase"]
    assert (of_rude["precision"], of_rude["low"], of_rude["high"], of_rude["n"]) == (None, 0.0, 1.0, 0)
