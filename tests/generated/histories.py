"""Histories of records in random order, each step compared with the small model: what the state machine does.

To what is told of records come here withdrawing, merging, erasing, admitting again, exporting and reading.
"""

from collections import Counter
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from api.worker import work_off
from tests.generated.model import State, Told, filled
from tests.generated.telling import NAMES, Telling

WITHDRAWABLE = [f"/v1/cases/K-{name}{child}" for name in "12345" for child in ("", "/promises/P")]
WITHDRAWABLE += [f"/v1/departures/D-{name}" for name in "1234"]
LISTED = ("customers", "cases", "departures", "responses", "promises")


def owner(item: dict[str, Any]) -> Any:
    """Give whose something is."""
    return item.get("customer")


class Histories(Telling):
    """One workspace, told of records in any order, and again, whose customers are merged, erased and exported.

    Attributes
    ----------
    bare_cases, bare_responses
        What is known of cases and answers that stayed without their customer, under ids the service chose.
    bare_promises
        How many promises stayed with such cases.
    """

    def __init__(self) -> None:
        super().__init__()
        self.bare_cases: list[State] = []
        self.bare_responses: list[State] = []
        self.bare_promises = 0
        self.unswept = False

    def somebody(self, data: st.DataObject) -> str:
        """Draw a customer's name: of one who is known, mostly, or of somebody who may not be."""
        known = [name for name in ("C-1", "C-2", "C-3", "C-4") if self.customer_at(name) in self.records]
        return data.draw(st.sampled_from([*known, "C-1", "C-4"]))

    def cases_of(self, names: set[str]) -> dict[str, Told]:
        """Give the cases that are now of the customer who has these names."""
        return {
            path: told
            for path, told in self.records.items()
            if path.startswith("/v1/cases/") and told.now.get("customer") in names
        }

    def posted_of(self, kind: str, names: set[str], cases: set[str]) -> list[str]:
        """Give where those posted records are that are a customer's, or of one of their cases."""
        return [
            path
            for path, item in self.posted.items()
            if path.startswith(f"/v1/{kind}/") and (owner(item) in names or item.get("case") in cases)
        ]

    # --- withdrawing -----------------------------------------------------------------------------------------------

    @precondition(lambda self: self.records)
    @rule(path=st.sampled_from(WITHDRAWABLE))
    def void(self, path: str) -> None:
        there = path in self.records or path in self.posted
        response = self.ask("POST", f"{path}/void", {"reason": "a mistake"})
        assert response.status_code == (200 if there else 404), response.text
        if there:
            self.withdrawn.add(path)

    # --- merging ---------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.records)
    @rule(data=st.data())
    def merge(self, data: st.DataObject) -> None:
        one, other = self.somebody(data), self.somebody(data)
        response = self.ask("POST", f"/v1/customers/{one}/merge", {"into": other})
        code = self._why_not(one, other)
        if code is not None:
            assert (response.status_code, response.json()["code"]) == code, response.text
            return
        survivor = self.people.survivor(other)
        answer = response.json()
        assert (response.status_code, answer["reference"], answer["merged"]) == (200, survivor, one), answer
        again = self.people.survivor(one) == survivor
        assert answer["unchanged"] is again
        assert answer["moved"] == ({} if again else self._moved(one))
        if not again:
            self._merged(one, survivor)
        assert answer["aliases"] == sorted(self.people.group(survivor) - {survivor})
        assert answer["id"] == self.records[self.customer_at(survivor)].id
        self.compare(f"/v1/customers/{one}", self.customer_at(survivor))

    def _why_not(self, one: str, other: str) -> tuple[int, str] | None:
        if one == other:
            return 422, "merged_into_itself"
        if self.customer_at(one) not in self.records:
            return 404, "not_found"
        if self.customer_at(other) not in self.records:
            return 409, "erased" if self.people.is_erased(other) else "unknown_reference"
        survivors = self.people.survivor(one), self.people.survivor(other)
        first_time = survivors[0] == one and survivors[1] != one
        return None if first_time or (one != survivors[0] == survivors[1]) else (409, "already_merged")

    def _moved(self, name: str) -> dict[str, int]:
        counts = self._counted({name}, set())
        moved = {"departure": counts["departures"], "response": counts["responses"]}
        return {"case": len(self.cases_of({name})), **moved, "interaction": 0, "revenue": 0}

    def _merged(self, name: str, survivor: str) -> None:
        for path, told in self.cases_of({name}).items():
            moved = told.with_change(self.a_moment(), {"customer": survivor})
            self.records[path] = Told(moved.changes, told.id)
        for path in self.posted_of("departures", {name}, set()) + self.posted_of("responses", {name}, set()):
            self.posted[path]["customer"] = survivor
        for item in self.bare_responses:
            item["customer"] = survivor if item["customer"] == name else item["customer"]
        theirs, own = self.records.pop(self.customer_at(name)), self.records[self.customer_at(survivor)]
        whole = own.with_change(self.a_moment(), filled(own.now, theirs.now))
        self.records[self.customer_at(survivor)] = Told(whole.changes, own.id)
        self.people.merge(name, survivor)

    # --- erasing ---------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.records)
    @rule(data=st.data())
    def erase(self, data: st.DataObject) -> None:
        name = self.somebody(data)
        response = self.ask("DELETE", f"/v1/customers/{name}/personal-data")
        stone = self.people.stones.get(name)
        if self.customer_at(name) in self.records:
            self._erased(name, response)
        elif stone is None:
            assert response.status_code == 404
        elif stone.admitted:
            assert (response.status_code, response.json()["removed"]) == (200, {})
            self.people.erase([name], [], response.json())
        else:
            assert response.json() == {**stone.answer, "reference": name}
        assert self.ask("GET", f"/v1/customers/{name}").status_code == 404

    def _erased(self, name: str, response: Any) -> None:
        group = self.people.group(name)
        cases = self.cases_of(group)
        numbers = {path.rpartition("/")[2] for path in cases}
        answer = response.json()
        assert (response.status_code, answer["reference"]) == (200, name), answer
        expected = {"customers": len(group), "cases": len(cases), **self._counted(group, numbers)}
        assert {kind: answer["removed"].get(kind, 0) for kind in expected} == expected
        for path in self.posted_of("departures", group, set()):
            del self.posted[path]
            self.withdrawn.discard(path)
        self._bare(group, cases, numbers)
        for alias in group:
            self.records.pop(f"/v1/customers/{alias}", None)
        self.people.erase(group, numbers, answer)
        self._blur(group)
        self.unswept = True

    def _counted(self, group: set[str], cases: set[str]) -> dict[str, int]:
        """Give how many rows an erasure finds; bare answers too, about a case that is or was another's."""
        responses = len(self.posted_of("responses", group, cases))
        return {
            "departures": len(self.posted_of("departures", group, set())),
            "responses": responses + sum(item["case"] in cases or owner(item) in group for item in self.bare_responses),
            "promises": sum(f"/v1/cases/{case}/promises/P" in self.records for case in cases),
        }

    def _bare(self, group: set[str], cases: dict[str, Told], numbers: set[str]) -> None:
        for path in self.posted_of("responses", group, numbers):
            self.bare_responses.append(self.posted.pop(path))
        for item in self.bare_responses:
            item["case"] = None if item["case"] in numbers else item["case"]
            item["customer"] = None if item["customer"] in group else item["customer"]
        for path, told in cases.items():
            del self.records[path]
            self.blurred.discard(path)
            if path not in self.withdrawn:
                self.bare_cases.append(told.now)
            self.withdrawn.discard(path)
            promised = f"{path}/promises/P"
            if self.records.pop(promised, None) is not None and promised not in self.withdrawn:
                self.bare_promises += 1
            self.withdrawn.discard(promised)

    def _blur(self, group: set[str]) -> None:
        """Know only the present of cases that once were the erased customer's and are another's now."""
        for path, told in self.records.items():
            if any(given.get("customer") in group for _, _, given in told.changes):
                self.blurred.add(path)
                self.records[path] = Told([(self.a_moment(), 0, told.now)], told.id)

    @precondition(lambda self: any(not stone.admitted for stone in self.people.stones.values()))
    @rule(name=NAMES)
    def admit_again(self, name: str) -> None:
        name = f"C-{name}"
        response = self.ask("POST", f"/v1/customers/{name}/personal-data/readmit")
        stone = self.people.stones.get(name)
        assert response.status_code == (404 if stone is None else 200), response.text
        if stone is not None:
            stone.admitted = True

    @precondition(lambda self: self.unswept)
    @rule()
    def let_the_worker_sweep(self) -> None:
        self.world.call(work_off, self.world.database)
        self.unswept = False

    # --- exporting and reading -------------------------------------------------------------------------------------

    @rule(name=NAMES)
    def export_a_customer(self, name: str) -> None:
        name = f"C-{name}"
        response = self.ask("GET", f"/v1/customers/{name}/personal-data")
        if self.customer_at(name) not in self.records:
            assert response.status_code == 404, response.text
            return
        tables = response.json()["records"]
        group = self.people.group(name)
        cases = {path.rpartition("/")[2] for path in self.cases_of(group)}
        assert _references(tables, "customers") == sorted(group)
        assert _references(tables, "cases") == sorted(cases)
        departures = self.posted_of("departures", group, set())
        assert _references(tables, "departures") == sorted(path.rpartition("/")[2] for path in departures)
        expected = self._counted(group, cases)
        assert {table: len(tables.get(table, {"rows": []})["rows"]) for table in expected} == expected
        theirs = {self.posted[path]["id"] for path in self.posted_of("responses", group, cases)}
        assert theirs <= {row["id"] for row in tables.get("responses", {"rows": []})["rows"]}

    @rule(limit=st.integers(1, 3))
    def read_everything(self, limit: int) -> None:
        for kind in LISTED:
            path = f"/v1/{kind}"
            listed = self.world.call(self.caller.read_all, path, limit=limit)
            assert self.world.call(self.caller.stream, path) == listed
            told = self._there(kind)
            assert told <= {item["id"] for item in listed}
            self._compare_bare(kind, [item for item in listed if item["id"] not in told])
        for where, item in self.posted.items():
            found = self.ask("GET", where).json()
            assert {name: found[name] for name in item} == item

    def _there(self, kind: str) -> set[Any]:
        """Give the ids of what is told of, known by name, and not withdrawn."""
        of_kind = {where: told.id for where, told in self.records.items() if where.split("/")[-2] == kind} | {
            where: item["id"] for where, item in self.posted.items() if where.split("/")[-2] == kind
        }
        return {identity for where, identity in of_kind.items() if where not in self.withdrawn}

    def _compare_bare(self, kind: str, found: list[dict[str, Any]]) -> None:
        """Compare what stayed of those who were erased: it counts, and names nobody."""
        if kind == "cases":
            assert Counter(item["contacts"] for item in found) == Counter(c.get("contacts") for c in self.bare_cases)
            assert [item["attributes"] for item in found] == [{} for _ in self.bare_cases]
            assert len({owner(item) for item in found}) == len(found), "cases of one customer can be told"
            assert not {item["reference"][:2] for item in found} & {"K-"}
        elif kind == "responses":
            said = [(str(item["answers"]), item["case"]) for item in self.bare_responses]
            assert Counter(str(item["answers"]) for item in found) == Counter(answers for answers, _ in said)
            about = [item["case"] for item in found if str(item["case"]).startswith("K-")]
            assert Counter(about) == Counter(case for _, case in said if case is not None)
        else:
            assert len(found) == (self.bare_promises if kind == "promises" else 0)


def _references(tables: dict[str, Any], table: str) -> list[str]:
    return sorted(row["reference"] for row in tables.get(table, {"rows": []})["rows"])
