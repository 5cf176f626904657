"""From what was judged to what is answered: dimensions, shares, groups and points in the contract's shape."""

from collections.abc import Mapping, Sequence

from api.measures.loyalty.counting.sums import Group
from api.measures.loyalty.judging import Judged, Parts, profile_of
from api.measures.loyalty.schemas import (
    Connect,
    DimensionAnswer,
    FactsAnswer,
    GroupAnswer,
    PartAnswer,
    ShareAnswer,
    ShrunkAnswer,
)
from models.rules.loyalty.dimensions import COUNTED, PARTS, Dimension, Part
from models.rules.loyalty.profile import FULL, Measured, PartSums
from models.rules.small_groups import shrunk
from models.rules.statistics import share_interval

SHRUNK = (Dimension.KEEP, Dimension.FLOW, Dimension.FIRST, Dimension.NO_NEEDLESS_CONTACT, Dimension.FAIR)
"""Dimensions of one share, which groups of few rows are drawn towards what all have in common in."""


def facts_of(judged: Judged) -> FactsAnswer:
    """Return the profile, and the one number after it."""
    return FactsAnswer(**_facts(judged))


def groups_of(judged: Mapping[Group, Judged]) -> list[GroupAnswer]:
    """Return the groups by name, what is not known last."""
    ordered = sorted(judged, key=lambda group: (group is None, group or ""))
    beside = _shrunk([judged[group].parts for group in ordered])
    return [
        GroupAnswer(group=group, shrunk=own, **_facts(judged[group]))
        for group, own in zip(ordered, beside, strict=True)
    ]


def _facts(judged: Judged) -> dict[str, object]:
    found = judged.composite
    covered = [] if found is None else [judged.profile[d].coverage or 0.0 for d in found.of]
    return {
        "dimensions": dimensions_of(judged.parts, judged.profile),
        "value": None if found is None else found.value,
        "low": judged.low,
        "high": judged.high,
        "interval_by": None if judged.reached is None else judged.reached.by,
        "coverage": min(covered, default=None),
        "set": [] if found is None else list(found.of),
        "lowest": None if found is None else found.lowest,
        "highest": None if found is None else found.highest,
        "weights": {} if found is None else found.weights,
    }


def dimensions_of(parts: Parts, profile: Mapping[Dimension, Measured] | None = None) -> list[DimensionAnswer]:
    """Return all eight dimensions."""
    told = profile_of(parts) if profile is None else profile
    return [_dimension(dimension, told[dimension], parts) for dimension in Dimension]


def _dimension(dimension: Dimension, found: Measured, parts: Parts) -> DimensionAnswer:
    counted = [COUNTED[part] for part in PARTS[dimension]]
    return DimensionAnswer(
        key=dimension,
        value=found.value,
        low=found.low,
        high=found.high,
        n=found.n,
        known=found.known,
        coverage=found.coverage,
        status="measured" if found.is_measured else "not_measured",
        numerator="; ".join(each.numerator for each in counted),
        denominator="; ".join(each.denominator for each in counted),
        parts=[_part(part, parts.get(part, PartSums())) for part in PARTS[dimension]],
        connect=[
            Connect(
                part=part,
                field=COUNTED[part].field,
                known=parts.get(part, PartSums()).coverage,
                source=COUNTED[part].source,
            )
            for part in found.missing
        ],
    )


def _part(part: Part, sums: PartSums) -> PartAnswer:
    return PartAnswer(
        key=part,
        value=None if sums.share is None else FULL * sums.share,
        k=sums.known.total if sums.known.n else None,
        n=sums.known.n,
        rows=sums.rows,
        customers=sums.known.customers,
        coverage=sums.coverage,
        numerator=COUNTED[part].numerator,
        denominator=COUNTED[part].denominator,
    )


def share_of(sums: PartSums | None) -> ShareAnswer:
    """Return a share beside the dimensions."""
    found = share_interval((sums or PartSums()).known)
    if found.value is None:
        return ShareAnswer(value=None, low=None, high=None, n=0, customers=0)
    customers = 0 if sums is None else sums.known.customers
    return ShareAnswer(
        value=FULL * found.value, low=FULL * found.low, high=FULL * found.high, n=found.n, customers=customers
    )


def _shrunk(groups: Sequence[Parts]) -> list[list[ShrunkAnswer]]:
    """Return of each group its shares drawn towards what all have in common; of a dimension no group has, nothing."""
    beside: list[list[ShrunkAnswer]] = [[] for _ in groups]
    for dimension in SHRUNK:
        known = [parts.get(PARTS[dimension][0], PartSums()).known for parts in groups]
        for own, found in zip(beside, shrunk([(int(sums.total), sums.n) for sums in known]), strict=False):
            raw = FULL * found.k / found.n if found.n else None
            ends = {"value": FULL * found.value, "low": FULL * found.low, "high": FULL * found.high}
            own.append(ShrunkAnswer(key=dimension, k=found.k, n=found.n, raw=raw, **ends))
    return beside
