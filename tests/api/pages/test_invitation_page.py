"""The page of an invitation, and of a link that the company's own mail tool signed: proved, resumed, completed once."""

import asyncio
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from tests.api.caller import Caller, ago, done, moment, refusal
from tests.api.conftest import MakeCaller
from tests.api.pages.browser import Browser, read

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


async def invite(client: Caller, **fields: Any) -> dict[str, Any]:
    """Make an invitation; give it with the path of its page."""
    made: dict[str, Any] = done(await client.post("/v1/invitations", {"survey": "visit", "case": "K-1", **fields}))
    return {**made, "path": f"/i/{made['token']}"}


async def signed(client: Caller, case: str = "K-1", expires: str | None = None, survey: str = "visit") -> str:
    """Sign a link as a mail tool does."""
    secret = (await client.read("/v1/workspace/link-secret"))["secret"]
    said = f"{survey}/{case}" + (f"/{expires}" if expires else "")
    signature = hmac.new(secret.encode(), said.encode(), hashlib.sha256).hexdigest()
    return f"/f/warm-homes/{survey}?case={case}&sig={signature}" + (f"&exp={expires}" if expires else "")


async def test_an_invitation_is_answered_once(asked: Caller, browser: Browser) -> None:
    made = await invite(asked, language="pt")
    page = await browser.open(made["path"])
    assert page.language["lang"] == "pt"
    assert "ligada a você e ao seu pedido" in page.text
    sent = await browser.send(made["path"], page, mood=3)
    assert (sent.status_code, sent.headers["location"]) == (303, f"{made['path']}/thanks?lang=pt")
    await browser.open(sent.headers["location"])
    [stored] = await asked.read_all("/v1/responses")
    assert (stored["customer"], stored["case"], stored["failure"]) == ("C-1", "K-1", None)
    assert "This link can be answered once, and it was." in (await browser.open(made["path"], 410)).text
    assert (await browser.send(made["path"], page, mood=3)).status_code == 303  # pressed again: the same answer
    assert (await browser.send(made["path"], page, mood=1, why="late")).status_code == 409
    told = await asked.http.post(made["path"], json={"mood": 5})
    refusal(told, 409, "response_complete")
    assert [one["answers"] for one in await asked.read_all("/v1/responses")] == [{"mood": 3}]


async def test_half_an_answer_is_kept_and_gone_on_with_by_the_same_link(asked: Caller, browser: Browser) -> None:
    made = await invite(asked)
    page = await browser.open(made["path"])
    kept = await browser.send(made["path"], page, mood=1, comment="the lift", _pause=1)
    assert kept.status_code == 200
    assert "is kept" in read(kept).text
    assert (await asked.read(f"/v1/invitations/{made['id']}"))["state"] == "started"
    again = await browser.open(made["path"])
    assert "still here" in again.text
    assert (again.sent("mood"), again.sent("comment")) == (["1"], ["the lift"])
    assert "why" in again.names
    assert (await browser.send(made["path"], again, comment="", why="rude")).status_code == 303
    [stored] = await asked.read_all("/v1/responses")
    assert (stored["status"], stored["answers"]) == ("complete", {"mood": 1, "comment": None, "why": ["rude"]})
    assert (stored["case"], stored["survey_version"]) == ("K-1", 1)


async def test_what_is_kept_must_fit_even_when_it_is_not_all(asked: Caller, browser: Browser) -> None:
    made = await invite(asked)
    page = await browser.open(made["path"])
    assert (await browser.send(made["path"], page, minutes="ten", _pause=1)).status_code == 422
    assert await asked.read_all("/v1/responses") == []
    assert (await browser.send(made["path"], page, minutes="10", _pause=1)).status_code == 200


async def test_what_was_begun_is_asked_on_as_it_was_worded(asked: Caller, browser: Browser) -> None:
    made = await invite(asked)
    await browser.send(made["path"], await browser.open(made["path"]), mood=4, _pause=1)
    other = {"questions": [{"key": "colour", "kind": "text", "texts": {"en": "Which colour?"}}]}
    done(await asked.post("/v1/surveys/visit/versions", other))
    done(await asked.post("/v1/surveys/visit/publish"))
    page = await browser.open(made["path"])
    assert "How was Warm Homes?" in page.text
    assert (await browser.send(made["path"], page)).status_code == 303
    assert "Which colour?" in (await browser.open("/f/warm-homes/visit")).text


async def test_two_people_with_one_link_answer_once(asked: Caller, browser: Browser) -> None:
    made = await invite(asked)
    pages = [await browser.open(made["path"]) for _ in range(3)]
    sent = await asyncio.gather(
        *[browser.send(made["path"], page, mood=mood) for page, mood in zip(pages, (3, 4, 5), strict=True)]
    )
    assert sorted(one.status_code for one in sent) == [303, 409, 409]
    assert len(await asked.read_all("/v1/responses")) == 1


async def test_whose_half_answer_was_withdrawn_can_answer_anew(asked: Caller, browser: Browser) -> None:
    made = await invite(asked)
    page = await browser.open(made["path"])
    await browser.send(made["path"], page, mood=1, comment="the lift", _pause=1)
    [half] = await asked.read_all("/v1/responses")
    before = await asked.read(f"/v1/invitations/{made['id']}")
    await asked.void(f"/v1/responses/{half['id']}")
    now = await asked.read(f"/v1/invitations/{made['id']}")
    assert (before["state"], now["state"], now["response"]) == ("started", "open", None)
    assert [one["id"] for one in await asked.read_all("/v1/invitations", updated_since=before["stored_at"])] == [
        made["id"]
    ]
    again = await browser.open(made["path"])
    assert (again.sent("mood"), again.sent("comment")) == ([], [""])
    # The page from before is sent, with the id of what was withdrawn in it.
    await browser.send(made["path"], page, mood=2, _pause=1)
    assert (await browser.open(made["path"])).sent("mood") == ["2"]
    assert (await browser.send(made["path"], again, mood=5)).status_code == 303
    [whole] = await asked.read_all("/v1/responses")
    assert (whole["status"], whole["answers"]["mood"], whole["case"]) == ("complete", 5, "K-1")
    assert (await asked.read(f"/v1/invitations/{made['id']}"))["state"] == "completed"


async def test_an_invitation_whose_answer_was_withdrawn_is_used_up(asked: Caller, browser: Browser) -> None:
    made = await invite(asked)
    page = await browser.open(made["path"])
    await browser.send(made["path"], page, mood=3)
    [whole] = await asked.read_all("/v1/responses")
    await asked.void(f"/v1/responses/{whole['id']}")
    for sent in (await browser.send(made["path"], page, mood=3), await browser.send(made["path"], mood=3)):
        assert sent.status_code == 409
        assert "can be answered once, and it was" in read(sent).text
    assert await asked.read_all("/v1/responses") == []


@on_sqlite
async def test_an_invitation_over_or_withdrawn_says_so(asked: Caller, browser: Browser) -> None:
    made = await invite(asked)
    page = await browser.open(made["path"])
    done(await asked.post(f"/v1/invitations/{made['id']}/revoke"))
    assert "withdrawn" in (await browser.open(made["path"], 410)).text
    assert (await browser.send(made["path"], page, mood=1)).status_code == 410
    refusal(await asked.http.get(made["path"], headers={"Accept": "application/json"}), 410, "invitation_revoked")
    short = await invite(asked, expires_at=ago(hours=-1))
    with time_machine.travel(moment(short["expires_at"]) + timedelta(seconds=1)):
        assert "expired" in (await browser.open(short["path"], 410)).text
    assert await asked.read_all("/v1/responses") == []


async def test_a_signed_link_proves_its_case_and_is_answered_once(asked: Caller, browser: Browser) -> None:
    link = await signed(asked)
    page = await browser.open(link)
    assert "linked to you and to your request" in page.text
    assert await asked.read_all("/v1/invitations") == []
    sent = await asyncio.gather(*[browser.send(link, page, mood=4) for _ in range(3)])
    assert [one.status_code for one in sent] == [303] * 3
    [stored] = await asked.read_all("/v1/responses")
    assert (stored["customer"], stored["case"], stored["claimed_case"]) == ("C-1", "K-1", None)
    [used] = await asked.read_all("/v1/invitations")
    assert (used["state"], used["case"], used["response"]) == ("completed", "K-1", stored["id"])
    await browser.open(link, 410)
    assert (await browser.send(link, None, mood=5)).status_code == 409


async def test_of_those_who_answer_one_signed_link_at_once_one_does(asked: Caller, browser: Browser) -> None:
    link = await signed(asked)
    sent = await asyncio.gather(*[browser.send(link, mood=mood) for mood in (3, 4, 5)])
    assert sorted(one.status_code for one in sent) == [303, 409, 409]
    assert len(await asked.read_all("/v1/responses")) == 1
    assert len(await asked.read_all("/v1/invitations")) == 1


async def test_half_an_answer_by_a_signed_link_is_gone_on_with(asked: Caller, browser: Browser) -> None:
    link = await signed(asked)
    await browser.send(link, await browser.open(link), mood=4, _pause=1)
    again = await browser.open(link)
    assert again.sent("mood") == ["4"]
    assert (await browser.send(link, again)).status_code == 303
    assert [one["status"] for one in await asked.read_all("/v1/responses")] == ["complete"]


@on_sqlite
async def test_a_link_that_is_not_as_it_was_signed_is_refused(asked: Caller, browser: Browser) -> None:
    link = await signed(asked)
    await asked.put_case("K-2", "C-1")
    later = str(int((datetime.now(UTC) + timedelta(hours=1)).timestamp()))
    expiring = await signed(asked, expires=later)
    for wrong in (
        link.replace("K-1", "K-2"),
        link[:-1] + ("0" if link[-1] != "0" else "1"),
        link + "&exp=" + later,
        expiring.rpartition("&")[0],
        expiring.replace(f"&exp={later}", "").replace("case=K-1", f"case=K-1/{later}"),
        link.replace("visit", "post_interaction"),
        "/f/warm-homes/visit?case=K-1&sig=",
        "/f/warm-homes/visit?case=K-1&sig=%C3%A9",
        "/f/warm-homes/visit?sig=abc",
    ):
        assert "This link is incomplete" in (await browser.open(wrong, 403)).text
        assert (await browser.send(wrong, mood=1)).status_code == 403
    assert await asked.read_all("/v1/responses") == []
    await browser.open(expiring)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=2)):
        await browser.open(expiring, 410)
        assert (await browser.send(expiring, mood=1)).status_code == 410
    await browser.open(await signed(asked, expires="never"), 410)


async def test_a_signed_link_about_a_case_nobody_reported_is_a_claim(asked: Caller, browser: Browser) -> None:
    link = await signed(asked, case="K-9")
    assert (await browser.send(link, mood=3)).status_code == 303
    assert (await browser.send(link, mood=4)).status_code == 409
    [stored] = await asked.read_all("/v1/responses")
    assert (stored["case"], stored["claimed_case"], stored["failure"]) == (None, "K-9", None)


async def test_a_turned_secret_lets_old_links_live_as_long_as_said(asked: Caller, browser: Browser) -> None:
    first = await signed(asked)
    before = await asked.read("/v1/workspace/link-secret")
    assert before["created_at"] is None
    assert await asked.read("/v1/workspace/link-secret") == before
    turned = done(await asked.post("/v1/workspace/link-secret", {"keep_previous_days": 30}))
    assert turned["secret"] != before["secret"]
    assert await asked.read("/v1/workspace/link-secret") == turned
    second = await signed(asked)
    for link in (first, second):
        await browser.open(link)
    done(await asked.post("/v1/workspace/link-secret", {"keep_previous_days": 0}))
    for link in (first, second):
        await browser.open(link, 403)
    done(await asked.post("/v1/workspace/link-secret"))
    await browser.open(await signed(asked))


async def test_only_an_admin_reads_the_secret(caller: MakeCaller) -> None:
    reader = await caller("records:read", "records:write", "feedback:write")
    refusal(await reader.get("/v1/workspace/link-secret"), 403, "missing_scope")
    refusal(await reader.post("/v1/workspace/link-secret", {}), 403, "missing_scope")
