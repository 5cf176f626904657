"""What a body may be: strict JSON of a bounded size, refused with a sentence and never with a crash."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from api.routing import BODY_LIMIT, BULK_LIMIT
from tests.api.caller import Caller, done, refusal

pytestmark = pytest.mark.anyio

JSON = "application/json"
PATH = "/v1/customers/C-1"
DEEP = b'{"attributes": ' + b'{"a": ' * 40 + b"1" + b"}" * 41
BOTTOMLESS = b'{"attributes": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"

NOT_JSON = {
    "NaN": (b'{"attributes": {"a": NaN}}', "not_finite"),
    "Infinity": (b'{"attributes": {"a": Infinity}}', "not_finite"),
    "minus Infinity": (b'{"attributes": {"a": [-Infinity]}}', "not_finite"),
    "a number no float holds": (b'{"attributes": {"a": 1e999}}', "not_finite"),
    "a number of five thousand digits": (b'{"attributes": {"a": ' + b"9" * 5000 + b"}}", "not_finite"),
    "NUL in a value": (b'{"name": "a\\u0000b"}', "nul_character"),
    "NUL in a key": (b'{"attributes": {"a\\u0000": 1}}', "nul_character"),
    "a bare NUL": (b'{"name": "a\x00b"}', "json_invalid"),
    "the first half of a pair": (b'{"name": "\\ud83d"}', "lone_surrogate"),
    "the second half of a pair": (b'{"name": "\\ude00"}', "lone_surrogate"),
    "the second half in capitals": (b'{"name": "\\uDE00"}', "lone_surrogate"),
    "the second half deep inside": (b'{"attributes": {"a": [{"b": "\\udfff"}]}}', "lone_surrogate"),
    "half a pair as a key": (b'{"attributes": {"\\ud83d": 1}}', "lone_surrogate"),
    "half a pair in bytes": (b'{"name": "\xed\xa0\xbd"}', "not_utf8"),
    "Latin-1": ('{"name": "Käthe"}'.encode("latin-1"), "not_utf8"),
    "UTF-16": ('{"name": "Ana"}'.encode("utf-16"), "not_utf8"),
    "forty levels": (DEEP, "too_deep"),
    "a hundred thousand levels": (BOTTOMLESS, "too_deep"),
    "half an object": (b'{"name": ', "json_invalid"),
    "two values": (b"{} {}", "json_invalid"),
    "a comment": (b'{"name": "Ana"} // hers', "json_invalid"),
}


async def put(client: Caller, content: bytes | AsyncIterator[bytes], kind: str = JSON) -> httpx.Response:
    """Put bytes."""
    return await client.ask("PUT", PATH, {"Content-Type": kind}, content=content)


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_what_is_not_strict_json_is_refused_by_its_name(client: Caller) -> None:
    for what, (body, code) in NOT_JSON.items():
        refused = refusal(await put(client, body), 422, "malformed")
        assert [error["code"] for error in refused["errors"]] == [code], what
    assert await client.read_all("/v1/customers") == []


async def test_every_character_and_number_of_json_is_kept(client: Caller) -> None:
    attributes = {"emoji": "\U0001f600", "astral key \U0001f6e0": 1, "zero": 0, "minus": -0.5, "large": 2**53 - 1}
    attributes |= {"text": "ä\u2028\u200d\u00ad \\ud83d", "nested": {"a": [1, None, True, {"b": "c"}]}, "huge": 10**300}
    done(await client.put(PATH, {"name": "\U0001f469\u200d\U0001f527", "attributes": attributes}))
    found = await client.read(PATH)
    assert (found["name"], found["attributes"]) == ("\U0001f469\u200d\U0001f527", attributes)
    escaped = b'{"name": "\\ud83d\\ude00 \\u00e4"}'
    assert (await put(client, escaped)).status_code == 200
    assert (await client.read(PATH))["name"] == "\U0001f600 ä"


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_numbers_and_truths_are_not_taken_for_each_other(client: Caller) -> None:
    await client.put_customer("C-1")
    case = {"customer": "C-1", "need": "n", "opened_at": "2026-01-01T00:00:00Z"}
    for field, value in {
        "contacts": True,
        "handovers": "3",
        "reopened": 1.0,
        "told_first": 1,
        "put_back": "yes",
    }.items():
        refused = refusal(await client.put("/v1/cases/K-1", {**case, field: value}), 422, "malformed")
        assert [error["pointer"] for error in refused["errors"]] == [f"/{field}"]
    for value in (
        {"amount": 1.5, "currency": "EUR"},
        {"amount": 2**53, "currency": "EUR"},
        {"amount": 1, "currency": "eur"},
    ):
        refusal(await client.put(PATH, {"value": value}), 422)
    for moment in (
        "2026-01-01",
        "2026-01-01T00:00:00",
        1767225600,
        "yesterday",
        "2026-02-30T00:00:00Z",
        "1969-12-31T23:59:59Z",
    ):
        refusal(await client.put(PATH, {"since": moment}), 422)
    refused = refusal(await client.put(PATH, {"nickname": "A", "attributes": 3}), 422)
    assert {error["pointer"] for error in refused["errors"]} == {"/nickname", "/attributes"}


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_a_reference_is_visible_and_has_no_slash(client: Caller) -> None:
    for reference in ("a%00b", "a%0Ab", "%20a", "a%20", "x" * 201, "..%2Fa", "%E2%80%8B", "."):
        response = await client.put(f"/v1/customers/{reference}", {})
        assert response.status_code in {404, 405, 422}, reference
    done(await client.put("/v1/customers/" + "ü" * 200, {}))
    done(await client.put("/v1/customers/bulk", {}))
    assert (await client.read("/v1/customers/bulk"))["reference"] == "bulk"


def size(limit: int) -> bytes:
    """Give JSON of exactly so many bytes."""
    frame = b'{"attributes": {"a": ""}}'
    return frame.replace(b'""', b'"' + b"a" * (limit - len(frame)) + b'"')


async def in_pieces(body: bytes, taken: list[int]) -> AsyncIterator[bytes]:
    """Send a body piece by piece, saying how much was taken."""
    for start in range(0, len(body), 16_384):
        taken.append(start)
        yield body[start : start + 16_384]


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_a_body_over_the_limit_is_refused_before_it_is_read(client: Caller) -> None:
    assert (BODY_LIMIT, BULK_LIMIT) == (256 * 1024, 2 * 1024 * 1024)
    assert (await put(client, size(BODY_LIMIT))).status_code == 201
    refused = await put(client, size(BODY_LIMIT + 1))
    refusal(refused, 413, "too_large")
    assert refused.headers["connection"] == "close"
    taken: list[int] = []
    refusal(await put(client, in_pieces(size(8 * BODY_LIMIT), taken)), 413, "too_large")
    assert max(taken) <= BODY_LIMIT + 16_384
    bulk = b"[" + size(BULK_LIMIT) + b"]"
    refusal(await client.ask("POST", "/v1/customers/bulk", {"Content-Type": JSON}, content=bulk), 413, "too_large")
    row = b'{"reference": "C-2", "attributes": {"a": "' + b"a" * BODY_LIMIT + b'"}}'
    taken_up = await client.ask("POST", "/v1/customers/bulk", {"Content-Type": JSON}, content=b"[" + row + b"]")
    assert taken_up.json()["accepted"] == 1


async def test_a_route_that_wants_no_body_reads_what_comes_under_the_limit_and_before_its_work(client: Caller) -> None:
    invited = done(await client.post("/v1/invitations", {"survey": "post_interaction"}))
    path, named = f"/v1/invitations/{invited['id']}/revoke", {"Idempotency-Key": "once"}
    refusal(await client.ask("POST", path, named, content=size(BODY_LIMIT + 1)), 413, "too_large")
    sent = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"x"
        await sent.wait()

    revoking = asyncio.create_task(client.ask("POST", path, named, content=slowly()))
    await asyncio.sleep(0.1)
    done(await client.put(PATH, {"name": "Ana"}))
    sent.set()
    done(await revoking)


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
async def test_a_body_of_another_kind_is_refused(client: Caller, kind: str) -> None:
    refusal(await put(client, b'{"name": "Ana"}', kind), 415, "unsupported_media_type")
    assert await client.read_all("/v1/customers") == []


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", [JSON, "Application/JSON; charset=utf-8", "application/vnd.crm+json"])
async def test_json_is_known_by_all_its_names(client: Caller, kind: str) -> None:
    assert (await put(client, b'{"name": "Ana"}', kind)).status_code == 201


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_two_content_types_open_no_way_around_the_guard(client: Caller) -> None:
    for kinds in ([JSON, "text/plain"], ["text/plain", JSON], ["application/x-ndjson", JSON], [JSON, JSON]):
        headers = [("Authorization", f"Bearer {client.key}"), *(("Content-Type", kind) for kind in kinds)]
        for body in (b'{"attributes": {"a": NaN}}', b'{"name": "a\\u0000b"}'):
            response = await client.http.put(PATH, content=body, headers=headers)
            assert response.status_code in {415, 422}, kinds
    assert await client.read_all("/v1/customers") == []


async def test_a_line_of_ndjson_is_a_row(client: Caller) -> None:
    lines = b'{"reference": "C-1", "name": "Ana"}\n\n{"reference": "C-2"}\r\n{"reference": 3}\n'
    for kind in ("application/x-ndjson", "application/jsonl"):
        answer = done(await client.ask("POST", "/v1/customers/bulk", {"Content-Type": kind}, content=lines))
        assert [row["status"] for row in answer["results"]][2] == "rejected"
    assert [row["status"] for row in answer["results"]] == ["unchanged", "unchanged", "rejected"]
    names = {customer["reference"]: customer["name"] for customer in await client.read_all("/v1/customers")}
    assert names == {"C-1": "Ana", "C-2": None}
    broken = lines + b'{"reference": NaN}\n'
    refusal(await client.ask("POST", "/v1/customers/bulk", {"Content-Type": kind}, content=broken), 422)


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_a_bulk_request_is_a_list_of_at_most_a_thousand_rows(client: Caller) -> None:
    rows: list[dict[str, Any]] = [{"reference": f"C-{number}"} for number in range(1001)]
    refusal(await client.post("/v1/customers/bulk", rows), 422, "malformed")
    refusal(await client.post("/v1/customers/bulk", {"reference": "C-1"}), 422, "malformed")
    refusal(await client.ask("POST", "/v1/customers/bulk"), 422, "malformed")
    assert done(await client.post("/v1/customers/bulk", rows[:1000]))["accepted"] == 1000
    assert done(await client.post("/v1/customers/bulk", [])) == {
        "results": [],
        "accepted": 0,
        "unchanged": 0,
        "rejected": 0,
    }
