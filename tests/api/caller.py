"""Somebody with an API key, and what they say to the service: so that tests of the API read as sentences.

A verb asks, insists that it went well, and gives the answer's body. What is expected to be refused is asked with
`get`, `post`, `put` or `patch`, and looked at with `refusal`.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

PROBLEM_MEMBERS = {"type", "title", "status", "detail", "instance", "code", "retryable", "request_id"}


def ago(**span: float) -> str:
    """Give the moment some days, hours or minutes ago as the API takes it."""
    return (datetime.now(UTC) - timedelta(**span)).isoformat()


def moment(text: str) -> datetime:
    """Read a moment of an answer."""
    return datetime.fromisoformat(text)


def done(response: httpx.Response) -> Any:
    """Give the body of an answer that must be a yes."""
    assert response.is_success, f"{response.request.method} {response.url}: {response.status_code} {response.text}"
    return response.json()


def refusal(response: httpx.Response, status: int, code: str | None = None) -> dict[str, Any]:
    """Give the body of an answer that must be a no, in the one shape every no has."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert set(body) == PROBLEM_MEMBERS | ({"errors"} if status == 422 else set())
    assert body["status"] == status
    assert body["instance"] == response.url.path
    assert body["type"].endswith(f"/problems#{body['code']}")
    assert code in {None, body["code"]}, body
    return body


class Caller:
    """Somebody who calls the service with a key, or with none."""

    def __init__(self, http: httpx.AsyncClient, key: str | None = None) -> None:
        self.http = http
        self.key = key

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, **sent: Any
    ) -> httpx.Response:
        """Send a request with the key; extras as httpx takes them (`json=`, `content=`, `params=`)."""
        own = {} if self.key is None else {"Authorization": f"Bearer {self.key}"}
        return await self.http.request(method, path, headers={**own, **(headers or {})}, **sent)

    async def get(self, path: str, **params: Any) -> httpx.Response:
        """Ask for what is at a path."""
        return await self.ask("GET", path, params=params)

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Post a body; headers as keywords, `idempotency_key="k"`."""
        return await self._send("POST", path, body, headers)

    async def put(self, path: str, body: Any, **headers: str) -> httpx.Response:
        """Put a body."""
        return await self._send("PUT", path, body, headers)

    async def patch(self, path: str, body: Any, **headers: str) -> httpx.Response:
        """Patch with a body; `if_match='"1"'`."""
        return await self._send("PATCH", path, body, headers)

    async def delete(self, path: str) -> httpx.Response:
        """Delete what is at a path."""
        return await self.ask("DELETE", path)

    async def erase(self, customer: str) -> Any:
        """Erase a customer."""
        return done(await self.delete(f"/v1/customers/{customer}/personal-data"))

    async def _send(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {} if body is None else {"json": body}
        return await self.ask(method, path, headers=named, **sent)

    async def read(self, path: str, **params: Any) -> Any:
        """Read what is at a path."""
        return done(await self.get(path, **params))

    async def read_all(self, path: str, **params: Any) -> list[Any]:
        """Read a list page by page to its end."""
        items: list[Any] = []
        while True:
            page = await self.read(path, **params)
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            params["cursor"] = page["next_cursor"]

    async def put_customer(self, reference: str, **fields: Any) -> Any:
        """Report a customer."""
        return done(await self.put(f"/v1/customers/{reference}", fields))

    async def put_case(self, reference: str, customer: str, **fields: Any) -> Any:
        """Report a case, opened two days ago unless said otherwise."""
        body = {"customer": customer, "need": "repair", "opened_at": ago(days=2), **fields}
        return done(await self.put(f"/v1/cases/{reference}", body))

    async def promise(self, case: str, promise: str, **fields: Any) -> Any:
        """Report a promise made in a case, due in an hour unless said otherwise."""
        body = {"what": "an engineer calls", "made_at": ago(days=1), "due_at": ago(hours=-1), **fields}
        return done(await self.put(f"/v1/cases/{case}/promises/{promise}", body))

    async def interact(self, case: str, **fields: Any) -> Any:
        """Report a contact within a case, a call an hour ago unless said otherwise."""
        body = {"case": case, "channel": "phone", "occurred_at": ago(hours=1), **fields}
        return done(await self.post("/v1/interactions", body))

    async def cost(self, case: str, **fields: Any) -> Any:
        """Report what a case cost; `minutes=` or `amount=` says how much."""
        body = {"case": case, "kind": "handling", "basis": "measured", "source": "telephone system", **fields}
        return done(await self.post("/v1/costs", body))

    async def pay(self, customer: str, amount: int = 100_00, **fields: Any) -> Any:
        """Report what a customer paid in a month."""
        body = {"customer": customer, "period": "2026-05", "amount": amount, "kind": "returning", **fields}
        return done(await self.post("/v1/revenues", body))

    async def void(self, path: str, reason: str = "told by mistake") -> Any:
        """Withdraw the record at a path."""
        return done(await self.post(f"{path}/void", {"reason": reason}))

    async def stream(self, path: str, **params: Any) -> list[Any]:
        """Read a list as one stream of JSON lines."""
        response = await self.ask("GET", path, {"Accept": "application/x-ndjson"}, params=params)
        assert response.is_success, response.text
        assert response.headers["content-type"].startswith("application/x-ndjson")
        return [json.loads(line) for line in response.text.splitlines()]

    async def leave(self, customer: str, **fields: Any) -> Any:
        """Report that a customer left an hour ago."""
        body = {"customer": customer, "kind": "cancelled", "at": ago(hours=1), **fields}
        return done(await self.post("/v1/departures", body))

    async def respond(self, case: str | None = None, *, satisfaction: int = 4, **fields: Any) -> Any:
        """Send what a customer answered about a case; `answers=` says more than the satisfaction."""
        answers = {"satisfaction": satisfaction, **fields.pop("answers", {})}
        body = {"survey": "post_interaction", "case": case, "answers": answers, **fields}
        return done(await self.post("/v1/responses", body))

    async def catalogue(self, code: str, *, kind: str = "process", **fields: Any) -> Any:
        """Catalogue a condition."""
        body = {"code": code, "name": code.replace("_", " "), "kind": kind, **fields}
        return done(await self.post("/v1/conditions", body))

    async def countermeasure(self, reference: str, *conditions: str, **fields: Any) -> Any:
        """Tell of a countermeasure, on being late unless said otherwise."""
        body = {"title": "a list at the desk", "kind": "knowledge", "conditions": list(conditions) or ["late"]}
        body |= {"reference": reference, "owner": "Mia"}
        return done(await self.post("/v1/countermeasures", {**body, **fields}))

    async def observe(self, case: str, condition: str, state: str = "present", **fields: Any) -> Any:
        """Report a condition seen in a case an hour ago."""
        body = {"case": case, "condition": condition, "state": state, "source": "staff", "observed_at": ago(hours=1)}
        return done(await self.post("/v1/observations", {**body, **fields}))

    async def offer_role(self, reference: str | None = None, **fields: Any) -> Any:
        """Offer a role proposal."""
        return done(await self.post("/v1/role-proposals", a_proposal(reference, **fields)))

    async def stand_behind(self, reference: str, name: str) -> Any:
        """Stand behind a role proposal."""
        return done(await self.post(f"/v1/role-proposals/{reference}/supporters", {"name": name}))

    async def answer_role(self, reference: str, verdict: str, **fields: Any) -> Any:
        """Answer a role proposal."""
        return done(await self.post(f"/v1/role-proposals/{reference}/answer", {"verdict": verdict, **fields}))

    async def go_on(self, reference: str, step: str, **fields: Any) -> Any:
        """Take an author's step: reply, try, adopt or withdraw."""
        return done(await self.post(f"/v1/role-proposals/{reference}/{step}", fields))

    async def support_owed(self, **params: Any) -> Sequence[Any]:
        """Read what waits for managers, to its end."""
        return await self.read_all("/v1/support-owed", **params)


def a_proposal(reference: str | None = None, **fields: Any) -> dict[str, Any]:
    """Give the body of a role proposal with what every one needs."""
    body = {
        "reference": reference,
        "role": "engineer",
        "kind": "decision_right",
        "customer_need": "a heating that works before night",
        "proposed_change": "I order the part myself",
        **fields,
    }
    return {name: value for name, value in body.items() if value is not None}
