"""Who is whom in the small model: aliases of those who were merged, and who was erased or admitted again."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Stone:
    """What is left of an erased name: what was answered, and whether it may be told of again."""

    answer: dict[str, Any]
    admitted: bool = False


@dataclass
class People:
    """The names of customers, and of cases of erased ones."""

    aliases: dict[str, str] = field(default_factory=dict)
    stones: dict[str, Stone] = field(default_factory=dict)
    cases_gone: set[str] = field(default_factory=set)

    def survivor(self, name: str) -> str:
        """Return whom a name leads to."""
        return self.aliases.get(name, name)

    def group(self, name: str) -> set[str]:
        """Return every name of whom a name leads to."""
        survivor = self.survivor(name)
        return {survivor, *(alias for alias, leads_to in self.aliases.items() if leads_to == survivor)}

    def merge(self, name: str, into: str) -> None:
        """Let a name, and all that led to it, lead to another."""
        for alias in self.group(name):
            self.aliases[alias] = self.survivor(into)

    def is_erased(self, name: str) -> bool:
        """Return whether a customer's or a case's name is refused."""
        return name in self.cases_gone or (name in self.stones and not self.stones[name].admitted)

    def erase(self, names: Iterable[str], cases: Iterable[str], answer: dict[str, Any]) -> None:
        """Let names and cases be refused from now on."""
        for name in names:
            self.aliases.pop(name, None)
            self.stones[name] = Stone(answer)
        self.cases_gone.update(cases)
