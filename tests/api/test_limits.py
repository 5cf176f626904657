"""Rate limits: whoever proves to hold something pays for it alone, and every answer says how it stands."""

import re
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from hypothesis import given
from hypothesis import strategies as st

from api import limits
from api.errors import TooManyRequests
from api.limits import Buckets, Kind, Limits, address_of, limits_of
from api.settings import Settings
from tests.api.caller import Caller, done, refusal
from tests.api.conftest import MakeCaller

on_sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def requests_from(host: str | None, app: FastAPI | None = None) -> Request:
    """Give a request from an address."""
    scope: dict[str, Any] = {
        "type": "http",
        "headers": [],
        "client": (host, 1) if host is not None else None,
        "app": app,
    }
    return Request(scope)


def test_a_bucket_gives_its_quota_at_once_and_as_much_again_in_every_window() -> None:
    clock = Clock()
    buckets = Buckets(Kind.KEY, 3, clock)
    taken = [buckets.take("a") for _ in range(5)]
    assert [standing.refused for standing in taken] == [False, False, False, True, True]
    assert [standing.left for standing in taken] == [2, 1, 0, 0, 0]
    assert taken[-1].next_in == pytest.approx(20)
    assert not buckets.take("b").refused
    clock.now += 19
    assert buckets.take("a").refused
    clock.now += 1
    assert not buckets.take("a").refused
    clock.now += 600
    assert [buckets.take("a").refused for _ in range(4)] == [False, False, False, True]


@given(st.integers(1, 50), st.lists(st.floats(0, 40, allow_nan=False), max_size=150))
def test_no_window_lets_more_than_twice_the_quota_through_and_no_patient_caller_is_refused(
    quota: int, pauses: list[float]
) -> None:
    clock = Clock()
    buckets = Buckets(Kind.KEY, quota, clock)
    taken: list[float] = []
    for pause in pauses:
        clock.now += pause
        standing = buckets.take("a")
        assert 0 <= standing.left < quota
        assert 0 <= standing.full_in <= limits.WINDOW_SECONDS * 1.001
        if not standing.refused:
            taken.append(clock.now)
        else:
            assert 0 < standing.next_in <= limits.WINDOW_SECONDS / quota * 1.01
    for start in taken:
        window = [moment for moment in taken if start <= moment < start + limits.WINDOW_SECONDS]
        assert len(window) <= 2 * quota
    clock.now += limits.WINDOW_SECONDS
    assert not buckets.take("a").refused


def test_a_bounded_number_of_buckets_is_kept_the_longest_unused_forgotten_first() -> None:
    buckets = Buckets(Kind.ADDRESS, 1, Clock(), most=2)
    for name in ("a", "b", "a", "c"):
        buckets.take(name)
    assert len(buckets) == 2
    assert buckets.take("a").refused
    assert not buckets.take("b").refused


def test_an_address_is_a_sender_and_a_home_network_is_one_sender() -> None:
    for same in (["10.0.0.1", "::ffff:10.0.0.1"], ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::1%eth0"]):
        assert len({address_of(requests_from(host)) for host in same}) == 1
    for different in (["10.0.0.1", "10.0.0.2"], ["2001:db8::1", "2001:db8:0:1::1"], ["testclient", ""]):
        assert len({address_of(requests_from(host)) for host in different}) == 2
    assert address_of(requests_from(None)) == ""


@pytest.mark.anyio
async def test_a_valid_invitation_is_never_refused_for_its_address() -> None:
    app = FastAPI()
    app.state.limits = Limits({Kind.TOKEN: 2, Kind.ADDRESS: 1, Kind.FAILURE: 1})
    request = requests_from("10.0.0.1", app)
    await limits.check(request, kind=Kind.FAILURE)
    await limits.check(request, kind=Kind.ADDRESS)
    for kind in (Kind.FAILURE, Kind.ADDRESS):
        with pytest.raises(TooManyRequests) as refused:
            await limits.check(request, kind=kind)
        assert int(refused.value.headers["Retry-After"]) == 60
    for invitation in ("one", "two", "one", "two"):
        await limits.check(request, kind=Kind.TOKEN, by=invitation)
    with pytest.raises(TooManyRequests, match="invitation"):
        await limits.check(request, kind=Kind.TOKEN, by="one")
    await limits.check(requests_from("10.0.0.2", app), kind=Kind.ADDRESS)


@pytest.mark.anyio
async def test_a_limit_of_zero_is_none() -> None:
    app = FastAPI()
    app.state.limits = limits_of(Settings(limit_key=0, secret="s"))
    assert Kind.KEY not in app.state.limits.buckets
    for _ in range(100):
        await limits.check(requests_from("10.0.0.1", app), kind=Kind.KEY, by="k")


@on_sqlite
@pytest.mark.anyio
async def test_every_answer_says_how_the_limit_stands_and_the_last_how_long_to_wait(
    app: FastAPI, client: Caller, caller: MakeCaller
) -> None:
    app.state.limits = Limits({Kind.KEY: 3}, Clock())
    other = await caller("admin")
    answers = [
        await client.get("/v1/me"),
        await client.get("/v1/customers/nobody"),
        await client.put("/v1/customers/C-1", {"name": 7}),
        await client.put("/v1/customers/C-1", {"name": "Ana"}),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 422, 429]
    for answer, left in zip(answers, (2, 1, 0, 0), strict=True):
        assert answer.headers["ratelimit-policy"] == '"key";q=3;w=60'
        assert re.fullmatch(rf'"key";r={left};t=\d+', answer.headers["ratelimit"])
    said = refusal(answers[-1], 429, "too_many_requests")
    assert said["retryable"] is True
    assert answers[-1].headers["retry-after"] == "20"
    assert (await client.get("/livez")).headers.get("ratelimit") is None
    done(await other.get("/v1/me"))


@on_sqlite
@pytest.mark.anyio
async def test_who_guesses_is_refused_by_address_and_who_holds_a_key_beside_him_is_not(
    app: FastAPI, client: Caller, stranger: Caller
) -> None:
    app.state.limits = Limits({Kind.KEY: 100, Kind.FAILURE: 2}, Clock())
    for status, code in ((401, "unauthenticated"), (401, "unauthenticated"), (429, "too_many_requests")):
        refusal(await stranger.post("/v1/customers/bulk", [{"reference": "C-1"}]), status, code)
    done(await client.get("/v1/me"))
    done(await client.post("/v1/customers/bulk", [{"reference": "C-1"}]))
    transport = httpx.ASGITransport(app, client=("10.9.9.9", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://steadfast.test") as http:
        refusal(await Caller(http).get("/v1/me"), 401)
