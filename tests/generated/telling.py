"""Telling the service of customers, cases, promises, departures and responses, and comparing with the small model.

What the state machine's steps stand on, and those of them that tell something.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import uuid4

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.generated.model import Given, Told
from tests.generated.people import People
from tests.generated.world import World

NAMES = st.sampled_from(["1", "2", "3", "4"])
CASES = st.sampled_from(["1", "2", "3", "4", "5"])
WORDS = st.none() | st.sampled_from(["a", "b"])
ATTRIBUTES = st.dictionaries(st.sampled_from("xyz"), st.none() | st.integers(0, 2), max_size=2)
DAYS = st.none() | st.integers(1, 6)
"""How many days ago a change happened; None for now."""
OPENED = timedelta(days=30)
MODELLED = ("name", "segment", "channel", "team", "contacts", "attributes", "what", "customer")


def some_of(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Give changes that name some of the fields."""
    return st.fixed_dictionaries({}, optional=fields)


CUSTOMER = some_of(name=WORDS, segment=WORDS, attributes=ATTRIBUTES)
CASE = some_of(channel=WORDS, team=WORDS, contacts=st.none() | st.integers(0, 3), attributes=ATTRIBUTES)
PROMISE = some_of(what=st.sampled_from(["a call", "a visit"]))


def case_at(name: str) -> str:
    """Give where a case is."""
    return f"/v1/cases/K-{name}"


class Telling(RuleBasedStateMachine):
    """One workspace that is told of records, and what the model knows of them.

    Attributes
    ----------
    records
        By address, those that PUT tells of; a case's customer is one of its fields.
    posted
        By address, those that are posted: what GET must show of them.
    withdrawn
        Addresses of records that were withdrawn and not told of again.
    blurred
        Addresses of cases part of whose past went with a former customer.
    again
        What was sent, to be sent again: method, path, body, key, answer.
    """

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.caller = self.world.new_caller()
        self.start = datetime.now(UTC).replace(microsecond=0)
        self.people = People()
        self.records: dict[str, Told] = {}
        self.posted: dict[str, dict[str, Any]] = {}
        self.withdrawn: set[str] = set()
        self.blurred: set[str] = set()
        self.again: list[tuple[str, str, Any, str | None, Any]] = []
        self.moments = 0

    # --- asking and comparing --------------------------------------------------------------------------------------

    def ask(self, method: str, path: str, body: Any = None, key: str | None = None) -> Any:
        """Ask the service."""
        headers = {} if key is None else {"Idempotency-Key": key}
        sent = {} if body is None else {"json": body}
        return self.world.call(self.caller.ask, method, path, headers, **sent)

    def customer_at(self, name: str) -> str:
        """Give where the customer is to whom a name leads."""
        return f"/v1/customers/{self.people.survivor(name)}"

    def a_moment(self) -> float:
        """Return a moment: what happens now happens after all that happened before."""
        self.moments += 1
        return float(self.moments)

    def refused(self, response: Any, *named: str) -> None:
        """See that what names somebody unknown is refused, and for good where they were erased."""
        erased = any(self.people.is_erased(name) for name in named)
        problem = response.json()
        assert (response.status_code, problem["code"]) == (409, "erased" if erased else "unknown_reference"), problem
        assert problem["retryable"] is not erased

    def put(self, path: str, given: dict[str, Any], days: int | None, hidden: Mapping[str, Any]) -> None:
        """Tell of a record, and compare what became of it with the model; `hidden` is sent but not modelled."""
        when = {} if days is None else {"occurred_at": (self.start - timedelta(days=days)).isoformat()}
        moment = self.a_moment() if days is None else -float(days)
        body = {**hidden, **given, **when}
        response = self.ask("PUT", path, body)
        self.again.append(("PUT", path, body, None, None))
        where = self.customer_at(path.rpartition("/")[2]) if path.startswith("/v1/customers") else path
        before, meant = self.records.get(where, Told()), self._meant(given)
        after, unchanged = before.told(moment, meant)
        if where in self.withdrawn and days is None and body:  # told again after its withdrawal, it lives again
            after, unchanged = before.with_change(moment, meant), False
            self.withdrawn.remove(where)
        assert response.status_code == (200 if where in self.records else 201), response.text
        answer = response.json()
        assert answer["unchanged"] is unchanged, (path, body, before, answer)
        assert answer["voided"] is (where in self.withdrawn)
        assert before.id in {None, answer["id"]}, "the id changed"
        self.records[where] = Told(after.changes, answer["id"], answer["version"])
        self.compare(path, where)

    def _meant(self, given: dict[str, Any]) -> Given:
        return {**given, "customer": self.people.survivor(given["customer"])} if "customer" in given else given

    def compare(self, path: str, where: str) -> None:
        """Read a record and compare it with the model."""
        found = self.ask("GET", path).json()
        expected = self.records[where]
        assert found["id"] == expected.id
        for name in MODELLED:
            if name in found:
                empty: Any = {} if name == "attributes" else None
                assert found[name] == expected.now.get(name, empty), (path, name, found, expected)

    @initialize(owners=st.just([]) | st.lists(NAMES, min_size=4, max_size=5))
    def begin_with_some(self, owners: list[str]) -> None:
        """Tell of some customers with cases, so that there is somebody to be merged and erased; or of nobody."""
        for number, owner in enumerate(owners, start=1):
            self.tell_of_a_customer(owner, {"name": "a", "attributes": {"x": number % 3}}, None)
            self.tell_of_a_case(str(number), owner, {"contacts": number % 4, "channel": "a"}, None, moved=False)
            self.respond(str(number), 1 + number % 5, keyed=number % 2 == 0)
        if owners:  # and correct whose some of it was
            self.tell_of_a_case("1", owners[-1], {"attributes": {"y": 1}}, None, moved=True)
            for owner in (owners[0], owners[-1]):
                self.tell_of_a_departure("1", owner, "closed")

    # --- what is told ----------------------------------------------------------------------------------------------

    @rule(name=NAMES, given=CUSTOMER, days=DAYS)
    def tell_of_a_customer(self, name: str, given: dict[str, Any], days: int | None) -> None:
        if self.people.is_erased(f"C-{name}"):
            self.refused(self.ask("PUT", f"/v1/customers/C-{name}", given), f"C-{name}")
            return
        self.put(f"/v1/customers/C-{name}", given, days, {})

    @rule(name=CASES, owner=NAMES, given=CASE, days=DAYS, moved=st.booleans())
    def tell_of_a_case(self, name: str, owner: str, given: dict[str, Any], days: int | None, *, moved: bool) -> None:
        known = self.records.get(case_at(name))
        customer = f"C-{owner}" if known is None or moved else known.now["customer"]
        self._tell_of_case(name, {**given, "customer": customer}, days)

    @precondition(lambda self: any(path.startswith("/v1/cases") for path in self.records))
    @rule(name=CASES, given=CASE)
    def correct_a_case(self, name: str, given: dict[str, Any]) -> None:
        if case_at(name) in self.records:
            self.put(case_at(name), given, None, {})

    def _tell_of_case(self, name: str, given: dict[str, Any], days: int | None) -> None:
        path, customer = case_at(name), given["customer"]
        hidden = {"need": "repair", "opened_at": (self.start - OPENED).isoformat()}
        if self.people.is_erased(f"K-{name}") or self.customer_at(customer) not in self.records:
            self.refused(self.ask("PUT", path, {**hidden, **given}), f"K-{name}", customer)
            return
        self.put(path, given, None if path in self.blurred else days, hidden)

    @rule(name=CASES, given=PROMISE, days=DAYS)
    def tell_of_a_promise(self, name: str, given: dict[str, Any], days: int | None) -> None:
        path = f"{case_at(name)}/promises/P"
        made = (self.start - timedelta(days=20)).isoformat()
        if case_at(name) not in self.records:
            self.refused(self.ask("PUT", path, {"what": "a", "made_at": made, "due_at": made}), f"K-{name}")
            return
        if path not in self.records and "what" not in given:
            assert self.ask("PUT", path, {**given, "made_at": made, "due_at": made}).status_code == 422
            return
        self.put(path, given, days, {"made_at": made, "due_at": made})

    @rule(name=NAMES, owner=NAMES, kind=st.sampled_from(["closed", "cancelled"]))
    def tell_of_a_departure(self, name: str, owner: str, kind: str) -> None:
        path = f"/v1/departures/D-{name}"
        body = {"reference": f"D-{name}", "customer": f"C-{owner}", "kind": kind, "at": self.start.isoformat()}
        response = self.ask("POST", "/v1/departures", body)
        if self.customer_at(f"C-{owner}") not in self.records:
            self.refused(response, f"C-{owner}")
            return
        assert response.status_code == (200 if path in self.posted else 201), response.text
        self.withdrawn.discard(path)
        self._posted(path, response.json(), {"kind": kind, "customer": self.people.survivor(f"C-{owner}")})

    @rule(name=CASES, satisfaction=st.integers(1, 5), keyed=st.booleans())
    def respond(self, name: str, satisfaction: int, *, keyed: bool) -> None:
        body: dict[str, Any] = {"survey": "post_interaction", "answers": {"satisfaction": satisfaction}}
        if case_at(name) in self.records or self.people.is_erased(f"K-{name}"):
            body["case"] = f"K-{name}"
        key, identity = (str(uuid4()), None) if keyed else (None, str(uuid4()))
        body |= {} if identity is None else {"id": identity}
        if self._answered(body, key) and identity is not None:
            other = {**body, "answers": {"satisfaction": satisfaction % 5 + 1}}
            assert self.ask("POST", "/v1/responses", other).status_code == 409

    def _answered(self, body: dict[str, Any], key: str | None) -> bool:
        """Send a response for the first time; give whether it could be taken."""
        case = body.get("case")
        response = self.ask("POST", "/v1/responses", body, key)
        if case is not None and self.people.is_erased(case):
            self.refused(response, case)
            return False
        answer = response.json()
        assert response.status_code == 201, answer
        assert body.get("id") in {None, answer["id"]}
        whose = None if case is None else self.records[f"/v1/cases/{case}"].now["customer"]
        shown = {"answers": body["answers"], "case": case, "customer": whose}
        self._posted(f"/v1/responses/{answer['id']}", answer, shown)
        self.again.append(("POST", "/v1/responses", body, key, answer))
        return True

    def _posted(self, path: str, answer: dict[str, Any], shown: dict[str, Any]) -> None:
        before = self.posted.setdefault(path, {"id": answer["id"]})
        assert before["id"] == answer["id"]
        before.update(shown)

    # --- retries ---------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.again)
    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        method, path, body, key, answer = data.draw(st.sampled_from(self.again))
        if method == "PUT":
            self._put_again(path, body)
        elif f"/v1/responses/{answer['id']}" not in self.posted:  # erased: it is a new one, or refused
            self._answered(body, key)
        else:
            response = self.ask(method, path, body, key)
            assert response.status_code == (201 if key else 200)
            assert response.json() == answer
            assert response.headers.get("Idempotent-Replay") == ("true" if key else None)

    def _put_again(self, path: str, body: dict[str, Any]) -> None:
        when = body.get("occurred_at")
        given = {name: value for name, value in body.items() if name in MODELLED}
        days = None if when is None else (self.start - datetime.fromisoformat(when)).days
        name = path.split("/")[3].removeprefix("C-").removeprefix("K-")
        if path.startswith("/v1/customers"):
            self.tell_of_a_customer(name, given, days)
        elif path.endswith("/promises/P"):
            self.tell_of_a_promise(name, given, days)
        elif "customer" in given:
            self._tell_of_case(name, given, days)
        else:
            self.correct_a_case(name, given)
