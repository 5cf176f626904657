"""What was promised, and whether it was kept: every answer written down, and compared with what is there afterwards."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.api.caller import Caller
from tests.chaos.deeds import MARKS, Deed, ids_in


@dataclass
class Ledger:
    """Every deed by its mark, every yes it got, and everything that must not have happened."""

    deeds: dict[int, Deed] = field(default_factory=dict)
    acknowledged: dict[int, Any] = field(default_factory=dict)
    unknown: set[int] = field(default_factory=set)
    refused: Counter[int] = field(default_factory=Counter)
    retried: int = 0
    repeated: int = 0
    denied: set[int] = field(default_factory=set)
    """Marks whose only answers were "nothing of this request was stored"."""
    kept_although_denied: set[int] = field(default_factory=set)
    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    heads: dict[tuple[str, str], str] = field(default_factory=dict)

    def acknowledge(self, deed: Deed, answer: Any) -> None:
        """Note a yes; one that names other ids than the yes before it is a broken promise."""
        before = self.acknowledged.setdefault(deed.mark, answer)
        self.unknown.discard(deed.mark)
        self.denied.discard(deed.mark)
        if ids_in(before) != ids_in(answer):
            self.changed.append(f"{deed.method} {deed.path} m{deed.mark}: {ids_in(before)} became {ids_in(answer)}")

    @property
    def broken(self) -> list[str]:
        """Everything that must not have happened."""
        return [
            *(f"lost: {what}" for what in self.lost),
            *(f"duplicated: {what}" for what in self.duplicated),
            *(f"changed: {what}" for what in self.changed),
            *(f"fault: {what}" for what in self.faults),
            *(f"there although denied: {self.deeds[mark]}" for mark in sorted(self.kept_although_denied)),
        ]

    async def check(self, caller: Caller) -> None:
        """Read everything there is and compare it with what was promised."""
        found: defaultdict[int, list[str]] = defaultdict(list)
        for kind, marks in MARKS.items():
            for item in await caller.read_all(f"/v1/{kind}", limit=1000):
                self._same_head(kind, item)
                for mark in marks(item):
                    found[mark].append(item["id"])
        for mark, deed in self.deeds.items():
            self._compare(deed, found.get(mark, []))

    def _same_head(self, kind: str, item: Mapping[str, Any]) -> None:
        known = self.heads.setdefault((kind, item["reference"]), item["id"])
        if known != item["id"]:
            self.changed.append(f"{kind} {item['reference']}: {known} became {item['id']}")

    def _compare(self, deed: Deed, ids: list[str]) -> None:
        name = f"{deed.method} {deed.path} m{deed.mark}"
        promised = self.acknowledged.get(deed.mark)
        if promised is None:
            if ids and deed.mark in self.denied:
                self.kept_although_denied.add(deed.mark)
            if len(ids) not in {0, deed.items}:
                which = self.duplicated if len(ids) > deed.items else self.lost
                which.append(f"{name}: {len(ids)} of {deed.items}, never acknowledged")
            return
        if not ids_in(promised) <= set(ids):
            self.lost.append(f"{name}: {ids_in(promised)}, found {ids}")
        if len(ids) > deed.items:
            self.duplicated.append(f"{name}: {len(ids)} instead of {deed.items}")
