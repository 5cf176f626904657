"""Where a chart may be split: where a countermeasure went live, or the company recorded a change, named by its id."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from api.dependencies import Work
from api.measures.loyalty.asking import By, Question
from api.measures.loyalty.charts import queries as chart_queries
from api.recorded import impossible

CHANGE, COUNTERMEASURE = "change", "countermeasure"
MOST_SPLITS = 20


@dataclass(frozen=True)
class Reason:
    """A recorded reason: how `split=` names it, when it came, what it is, and whom it touched; nobody named is all."""

    split: str
    at_us: int
    what: str
    needs: Collection[str]
    teams: Collection[str]

    def touches(self, by: By | None, group: str | None) -> bool:
        """Return whether it touched what is charted."""
        touched = {By.NEED: self.needs, By.TEAM: self.teams}.get(by) if by is not None else None
        return not touched or group in touched


async def recorded(work: Work, asked: Question) -> Mapping[str, Reason]:
    """Return every reason on record, by its name."""
    found = [
        Reason(f"{CHANGE}:{row.reference}", row.at_us, row.what, row.needs, row.teams)
        for row in await work.session.execute(chart_queries.changes(asked))
    ]
    found += [
        Reason(f"{COUNTERMEASURE}:{row.reference}", row.at_us, row.what, (), (row.team,) if row.team else ())
        for row in await work.session.execute(chart_queries.countermeasures(asked))
    ]
    return {reason.split: reason for reason in sorted(found, key=lambda one: (one.at_us, one.split))}


def named(known: Mapping[str, Reason], wanted: Sequence[str], by: By | None, group: str | None) -> list[Reason]:
    """Return the reasons a caller names, in the order of time.

    Raises
    ------
    Malformed
        `unknown_split` for what is not on record, `split_elsewhere` for what touched others.
    """
    if len(wanted) > MOST_SPLITS:
        raise impossible("split", "malformed", f"At most {MOST_SPLITS} splits.")
    for name in wanted:
        if name not in known:
            detail = (
                f"{name} is no recorded reason. Name a change of /v1/changes as change:REF, or a countermeasure that "
                "has gone live as countermeasure:REF."
            )
            raise impossible("split", "unknown_split", detail)
        if not known[name].touches(by, group):
            detail = f"{name} touched other {by}s than {group}: it is no reason here."
            raise impossible("split", "split_elsewhere", detail)
    return sorted((known[name] for name in dict.fromkeys(wanted)), key=lambda one: (one.at_us, one.split))
