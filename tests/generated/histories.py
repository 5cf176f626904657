"""Histories of records in random order, each step compared with the small model: what the state machine does.

`offers` looks into the service's OpenAPI document: a rule about a route that is not there is not taken.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import uuid4

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from tests.generated.model import Told
from tests.generated.world import World

NAMES = st.sampled_from(["1", "2", "3"])
WORDS = st.none() | st.sampled_from(["a", "b"])
ATTRIBUTES = st.dictionaries(st.sampled_from("xyz"), st.none() | st.integers(0, 2), max_size=2)
DAYS = st.none() | st.integers(1, 6)
"""How many days ago a change happened; None for now."""
OPENED = timedelta(days=30)


def some_of(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Give changes that name some of the fields."""
    return st.fixed_dictionaries({}, optional=fields)


CUSTOMER = some_of(name=WORDS, segment=WORDS, attributes=ATTRIBUTES)
CASE = some_of(channel=WORDS, team=WORDS, contacts=st.none() | st.integers(0, 3), attributes=ATTRIBUTES)
PROMISE = some_of(what=st.sampled_from(["a call", "a visit"]))


def offered(method: str, path: str) -> Callable[["Histories"], bool]:
    """Return whether the service has a route, as a rule's precondition."""
    return lambda self: self.world.offers(method, path)


class Histories(RuleBasedStateMachine):
    """One workspace, told of customers, cases, promises, departures and responses in any order, and again."""

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.caller = self.world.new_caller()
        self.start = datetime.now(UTC).replace(microsecond=0)
        self.records: dict[str, Told] = {}
        self.customer_of: dict[str, str] = {}
        self.aliases: dict[str, str] = {}
        self.posted: dict[str, dict[str, Any]] = {}
        self.withdrawn: set[str] = set()
        self.again: list[tuple[str, str, Any, str | None, Any]] = []

    # --- telling and comparing -------------------------------------------------------------------------------------

    def ask(self, method: str, path: str, body: Any = None, key: str | None = None) -> Any:
        """Ask the service."""
        headers = {} if key is None else {"Idempotency-Key": key}
        sent = {} if body is None else {"json": body}
        return self.world.call(self.caller.ask, method, path, headers, **sent)

    def put(self, path: str, given: dict[str, Any], days: int | None, hidden: Mapping[str, Any]) -> None:
        """Tell of a record, and compare what became of it with the model; `hidden` is sent but not modelled."""
        when = {} if days is None else {"occurred_at": (self.start - timedelta(days=days)).isoformat()}
        occurred = float("inf") if days is None else -days
        body = {**hidden, **given, **when}
        response = self.ask("PUT", path, body)
        before = self.records.get(path, Told())
        moment = self._moment(occurred)
        after, unchanged = before.told(moment, given)
        if path in self.withdrawn and days is None:  # told again after its withdrawal, it lives again
            after, unchanged = before.with_change(moment, given), False
            self.withdrawn.remove(path)
        assert response.status_code == (200 if path in self.records else 201), response.text
        answer = response.json()
        assert answer["unchanged"] is unchanged, (path, body, before, answer)
        assert answer["voided"] is (path in self.withdrawn)
        assert before.id in {None, answer["id"]}, "the id changed"
        self.records[path] = Told(after.changes, answer["id"], answer["version"])
        self.again.append(("PUT", path, body, None, answer))
        self.compare(path)

    def _moment(self, occurred: float) -> float:
        """Return when something happened: what happens now happens after all that was told before."""
        return occurred if occurred < 0 else float(len(self.again))

    def compare(self, path: str) -> None:
        """Read a record and compare it with the model."""
        found = self.ask("GET", path).json()
        expected = self.records[path]
        assert found["id"] == expected.id
        for name in ("name", "segment", "channel", "team", "contacts", "what", "attributes"):
            if name in found:
                empty: Any = {} if name == "attributes" else None
                assert found[name] == expected.now.get(name, empty), (path, name, found, expected)

    # --- what there is now -----------------------------------------------------------------------------------------

    @rule(name=NAMES, given=CUSTOMER, days=DAYS)
    def tell_of_a_customer(self, name: str, given: dict[str, Any], days: int | None) -> None:
        self.put(f"/v1/customers/C-{name}", given, days, {})

    @rule(name=NAMES, owner=NAMES, given=CASE, days=DAYS)
    def tell_of_a_case(self, name: str, owner: str, given: dict[str, Any], days: int | None) -> None:
        path, customer = f"/v1/cases/K-{name}", self.customer_of.get(name, f"C-{owner}")
        hidden = {"customer": customer, "need": "repair", "opened_at": (self.start - OPENED).isoformat()}
        if f"/v1/customers/{customer}" not in self.records:
            refused = self.ask("PUT", path, {**hidden, **given})
            assert (refused.status_code, refused.json()["code"]) == (409, "unknown_reference")
            return
        self.put(path, given, days, hidden)
        self.customer_of[name] = customer

    @rule(name=NAMES, given=PROMISE, days=DAYS)
    def tell_of_a_promise(self, name: str, given: dict[str, Any], days: int | None) -> None:
        path = f"/v1/cases/K-{name}/promises/P"
        made = (self.start - timedelta(days=20)).isoformat()
        if f"/v1/cases/K-{name}" not in self.records:
            assert self.ask("PUT", path, {"what": "a", "made_at": made, "due_at": made}).status_code == 409
            return
        if path not in self.records and "what" not in given:
            assert self.ask("PUT", path, {**given, "made_at": made, "due_at": made}).status_code == 422
            return
        self.put(path, given, days, {"made_at": made, "due_at": made})

    @rule(name=NAMES, owner=NAMES, kind=st.sampled_from(["closed", "cancelled"]))
    def tell_of_a_departure(self, name: str, owner: str, kind: str) -> None:
        known = f"/v1/customers/C-{owner}" in self.records
        accepted = 200 if f"/v1/departures/D-{name}" in self.posted else 201
        body = {"reference": f"D-{name}", "customer": f"C-{owner}", "kind": kind, "at": self.start.isoformat()}
        response = self.ask("POST", "/v1/departures", body)
        assert response.status_code == (accepted if known else 409)
        if known:
            self._posted("/v1/departures", f"D-{name}", response.json(), {"kind": kind})

    @rule(name=NAMES, satisfaction=st.integers(1, 5), keyed=st.booleans())
    def respond(self, name: str, satisfaction: int, keyed: bool) -> None:
        body: dict[str, Any] = {"survey": "post_interaction", "answers": {"satisfaction": satisfaction}}
        if f"/v1/cases/K-{name}" in self.records:
            body["case"] = f"K-{name}"
        key, identity = (str(uuid4()), None) if keyed else (None, str(uuid4()))
        body |= {} if identity is None else {"id": identity}
        answer = self.ask("POST", "/v1/responses", body, key).json()
        assert identity in {None, answer["id"]}
        self._posted("/v1/responses", answer["id"], answer, {"answers": body["answers"]})
        self.again.append(("POST", "/v1/responses", body, key, answer))
        if identity is not None:
            other = {**body, "answers": {"satisfaction": satisfaction % 5 + 1}}
            assert self.ask("POST", "/v1/responses", other).status_code == 409

    def _posted(self, kind: str, reference: str, answer: dict[str, Any], shown: dict[str, Any]) -> None:
        before = self.posted.setdefault(f"{kind}/{reference}", {"id": answer["id"]})
        assert before["id"] == answer["id"]
        before.update(shown)

    @precondition(lambda self: self.again)
    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        method, path, body, key, answer = data.draw(st.sampled_from(self.again))
        if method == "PUT":
            body = dict(body)
            when = body.pop("occurred_at", None)
            given = {name: value for name, value in body.items() if name in {*MODELLED}}
            hidden = {name: value for name, value in body.items() if name not in given}
            days = None if when is None else (self.start - datetime.fromisoformat(when)).days
            self.put(path, given, days, hidden)
            return
        response = self.ask(method, path, body, key)
        assert response.status_code == (201 if key else 200)
        assert response.json() == answer
        assert response.headers.get("Idempotent-Replay") == ("true" if key else None)

    @rule(limit=st.integers(1, 3))
    def read_everything(self, limit: int) -> None:
        for kind in ("customers", "cases", "departures", "responses"):
            path = f"/v1/{kind}"
            listed = [item["id"] for item in self.world.call(self.caller.read_all, path, limit=limit)]
            there = {where: record for where, record in self.records.items() if where not in self.withdrawn}
            told = [record.id for where, record in there.items() if where.rpartition("/")[0] == path]
            told += [item["id"] for where, item in self.posted.items() if where.rpartition("/")[0] == path]
            assert sorted(listed) == sorted(str(identity) for identity in told), kind
        for where, item in self.posted.items():
            found = self.ask("GET", where).json()
            assert {name: found[name] for name in item} == item

    # --- what the contract promises of routes that may not be there yet --------------------------------------------

    @precondition(offered("POST", "/v1/cases/{reference}/void"))
    @rule(name=NAMES)
    def void_a_case(self, name: str) -> None:
        path = f"/v1/cases/K-{name}"
        response = self.ask("POST", f"{path}/void", {"reason": "a mistake"})
        assert response.status_code == (200 if path in self.records else 404), response.text
        if path in self.records:
            self.withdrawn.add(path)

    @precondition(offered("GET", "/v1/customers/{reference}/personal-data"))
    @rule(name=NAMES)
    def export_a_customer(self, name: str) -> None:
        path = f"/v1/customers/C-{name}"
        response = self.ask("GET", f"{path}/personal-data")
        assert response.status_code == (200 if path in self.records else 404), response.text
        if path in self.records:
            assert str(self.records[path].id) in response.text


MODELLED = ("name", "segment", "channel", "team", "contacts", "attributes", "what")
