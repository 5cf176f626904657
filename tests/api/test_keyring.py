"""Keys lately judged are remembered for a while, so many of them, and never one that was refused."""

import pytest
from fastapi import FastAPI

from api import keyring
from api.keyring import KeyRing
from models.access import Scope
from tests.api.caller import Caller, done, refusal
from tests.api.conftest import MakeCaller

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)]

BODY = {"survey": "post_interaction", "answers": {"satisfaction": 4}}


async def test_the_longest_kept_key_is_forgotten_for_a_new_one(
    app: FastAPI, caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "MOST_KEYS", 2)
    ring: KeyRing = app.state.key_ring
    for _ in range(3):
        done(await (await caller(Scope.FEEDBACK_WRITE)).post("/v1/responses", BODY))
    assert len(ring._held) == 2


async def test_a_key_is_judged_anew_after_a_while(
    app: FastAPI, caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = await caller(Scope.FEEDBACK_WRITE)
    done(await form.post("/v1/responses", BODY))
    ring: KeyRing = app.state.key_ring
    [before] = [until for until, _ in ring._held.values()]
    monkeypatch.setattr("api.keyring.monotonic", lambda: before + 1)
    done(await form.post("/v1/responses", BODY))
    assert [until for until, _ in ring._held.values()] == [before + 1 + keyring.KEPT_SECONDS]


async def test_a_key_that_was_refused_is_not_kept(app: FastAPI, stranger: Caller) -> None:
    refusal(await stranger.post("/v1/responses", BODY), 401)
    ring: KeyRing = app.state.key_ring
    assert not ring._held
