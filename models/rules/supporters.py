"""Who owes support to whom: the hierarchy upside down, from the teams at the customer to those who support them.

A team is supported by others, and those by others in turn. Nobody supports, by whatever way, those who support them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models.rules.support import ProposalStatus


@dataclass(frozen=True, slots=True)
class TeamState:
    """A team as known now.

    Parameters
    ----------
    reference : str
        What it is called by.
    former_names : Sequence[str]
        What it was called before; older records still do.
    supported_by : Sequence[str]
        Who owes it support: teams or people, described or not.
    """

    reference: str
    former_names: Sequence[str] = ()
    supported_by: Sequence[str] = ()


class Supporters:
    """The supporters of every team.

    Parameters
    ----------
    teams : Iterable[TeamState]
        All teams that were described.

    Examples
    --------
    >>> found = Supporters([TeamState("north", ["upper"], ["ops"]), TeamState("ops", [], ["board"])])
    >>> found.of("upper"), found.above("north"), sorted(found.supported_by("ops"))
    (['ops'], ['board'], ['north', 'upper'])
    """

    def __init__(self, teams: Iterable[TeamState]) -> None:
        self._teams = {team.reference: team for team in teams}
        self._now_called: dict[str, list[str]] = {}
        for team in self._teams.values():
            for name in team.former_names:
                if name not in self._teams:
                    self._now_called.setdefault(name, []).append(team.reference)

    def named(self, name: str) -> list[str]:
        """Return what a team is called now; several where its name was handed on to several."""
        return self._now_called.get(name, [name])

    def of(self, name: str) -> list[str]:
        """Return who owes a team support; nobody where that was not said."""
        found = (self._teams[team].supported_by for team in self.named(name) if team in self._teams)
        return _once(called for supporters in found for name in supporters for called in self.named(name))

    def above(self, name: str) -> list[str]:
        """Return who supports those who owe a team support; they themselves where nobody does."""
        return _once(above for supporter in self.of(name) for above in (self.of(supporter) or [supporter]))

    def supported_by(self, supporter: str, *, above: bool = False) -> set[str]:
        """Return every name of the teams somebody owes support to, or owes it as one of those above."""
        who = set(self.named(supporter))
        reach = self.above if above else self.of
        names = {*self._teams, *self._now_called}
        return {name for name in names if who & set(reach(name))}

    def owing(self, team: str | None, status: str, taken_to: str | None = None) -> list[str]:
        """Return who owes an answer: whom it was taken to, else those above if it was taken up, else the supporters."""
        if taken_to is not None:
            return self.named(taken_to)
        if team is None:
            return []
        return self.above(team) if status == ProposalStatus.TAKEN_TO else self.of(team)

    def circle(self) -> list[str]:
        """Return teams that support each other in a circle, the first of them again at the end; empty where none do."""
        done: set[str] = set()
        for start in sorted(self._teams):
            found = self._circle_from(start, done)
            if found:
                return found
        return []

    def _circle_from(self, start: str, done: set[str]) -> list[str]:
        path: list[str] = []
        waiting = [(start, 0)]
        while waiting:
            team, depth = waiting.pop()
            del path[depth:]
            if team in path:
                return [*path[path.index(team) :], team]
            if team not in done:
                path.append(team)
                done.add(team)
                waiting += [(supporter, depth + 1) for supporter in self.of(team)]
        return []


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
