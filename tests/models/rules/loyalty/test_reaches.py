"""The composite's interval: a straight line in the middle, the shares' own intervals near an end, and coverage."""

from collections.abc import Mapping, Sequence
from math import exp, hypot, log, sqrt
from random import Random

import pytest

from models.rules.loyalty.composite import Composite, Line, composite
from models.rules.loyalty.dimensions import PARTS, Dimension, Part
from models.rules.loyalty.profile import PartSums, measured
from models.rules.loyalty.reaches import IntervalBy, Reaches, composite_interval, reaches
from models.rules.quantiles import student_t_quantile
from models.rules.statistics import ClusterSums, share_interval

Rows = Sequence[tuple[int, int]]
FIVE = (Dimension.KEEP, Dimension.FLOW, Dimension.FIRST, Dimension.NO_NEEDLESS_CONTACT, Dimension.FAIR)
SHARES = tuple(PARTS[dimension][0] for dimension in FIVE)


def sums(rows: Rows) -> PartSums:
    return PartSums(ClusterSums.of((k, m, k) for k, m in rows), sum(m for _, m in rows))


def built(rows: Mapping[Part, Rows]) -> tuple[Composite, Reaches]:
    parts = {part: sums(own) for part, own in rows.items()}
    found = composite({dimension: measured(dimension, parts) for dimension in Dimension})
    assert found is not None
    return found, reaches(found.weights, parts)


def squared(lines: Mapping[Part, Line], rows: Mapping[Part, Rows]) -> float:
    """Sum over customers of u_c squared; the first customers of each share are the same."""
    moved: dict[int, float] = {}
    for part, line in lines.items():
        for who, (k, m) in enumerate(rows[part]):
            moved[who] = moved.get(who, 0.0) + line.k * k - line.m * m
    return sum(u * u for u in moved.values())


def interval(rows: Mapping[Part, Rows]) -> tuple[float, float]:
    found, reached = built(rows)
    customers = max(len(own) for own in rows.values())
    below, above = (squared(reach.lines, rows) for reach in (reached.below, reached.above))
    return composite_interval(found, reached, customers, below, above)


def of_one(share: float, n: int = 60) -> Rows:
    return [(int(at < share * n), 1) for at in range(n)]


@pytest.mark.parametrize(("share", "by"), [(0.05, "delta"), (0.95, "delta"), (0.04, "mover"), (0.96, "mover")])
def test_a_share_near_an_end_is_told_by_the_shares_own_intervals(share: float, by: str) -> None:
    rows = {**dict.fromkeys(SHARES, of_one(0.5)), Part.FIRST_TIME: of_one(share, 100)}

    assert built(rows)[1].by == by


def test_the_straight_line_is_student_s_t_on_customers() -> None:
    rows = {part: [(int((at + place) % 3 > 0), 1) for at in range(60)] for place, part in enumerate(SHARES)}
    u = [sum((k - 40 / 60) / (40 / 60 * 60) / 5 for k, _ in (rows[part][who] for part in SHARES)) for who in range(60)]
    reach = student_t_quantile(0.975, 59) * sqrt(60 / 59 * sum(x * x for x in u))

    assert interval(rows) == pytest.approx((100 * 2 / 3 * exp(-reach), 100 * 2 / 3 * exp(reach)))


def test_one_share_has_its_own_interval_to_either_side() -> None:
    """With all the weight on one dimension, what is recovered from its interval is that interval."""
    rows = [(int(at < 4), 1) for at in range(100)]
    found = reaches({Dimension.KEEP: 1.0}, {Part.KEPT: sums(rows)})
    own = share_interval(sums(rows).known)
    down, up = (sqrt(100 / 99 * squared(reach.lines, {Part.KEPT: rows})) for reach in (found.below, found.above))

    assert found.by == IntervalBy.MOVER
    assert 0.04 * exp(-down) == pytest.approx(own.low)
    assert 0.04 * exp(up) == pytest.approx(own.high)


def test_dimensions_that_are_always_alike_reach_as_far_as_one_and_opposite_ones_no_further_than_what_is_left() -> None:
    rows = [(int(at < 98), 1) for at in range(100)]
    parts = {Part.KEPT: sums(rows), Part.DONE_IN_TIME: sums(rows)}
    half = {Dimension.KEEP: 0.5, Dimension.FLOW: 0.5}
    one = reaches({Dimension.KEEP: 1.0}, parts).below
    both = reaches(half, parts).below
    alike = squared(both.lines, {Part.KEPT: rows, Part.DONE_IN_TIME: rows})
    unlike = squared(both.lines, {Part.KEPT: rows, Part.DONE_IN_TIME: rows[::-1]})

    assert alike == pytest.approx(squared(one.lines, {Part.KEPT: rows}))
    assert unlike < 0.6 * alike


def test_a_share_in_which_nobody_differs_is_not_certain() -> None:
    """Twelve of twelve promises kept: the interval still reaches down, by what Wilson says of twelve customers."""
    rows = {**dict.fromkeys(SHARES, of_one(0.5)), Part.KEPT: [(1, 1)] * 12}
    _, found = built(rows)
    low = share_interval(sums(rows[Part.KEPT]).known).low

    assert found.below.apart == pytest.approx((log(1 / low) / 5) ** 2)
    assert found.above.apart == 0
    assert found.below.lines[Part.KEPT] == Line(0.0, 0.0), "it counts its customers and moves nothing"
    everybody = interval(dict.fromkeys(SHARES, [(1, 1)] * 12))
    assert everybody[0] < 95
    assert everybody[1] == 100


def test_at_the_floor_only_upwards_is_anywhere_to_go() -> None:
    rows = {**dict.fromkeys(SHARES, of_one(0.5)), Part.FIRST_TIME: of_one(0.0)}
    _, found = built(rows)
    high = share_interval(sums(rows[Part.FIRST_TIME]).known).high

    assert found.below.apart == 0
    assert found.above.apart == pytest.approx((log(100 * high) / 5) ** 2)


def test_the_shares_of_a_dimension_divide_its_reach() -> None:
    restore = PARTS[Dimension.RESTORE]
    rows = {part: of_one(share, 100) for part, share in zip(restore, (0.02, 0.5, 0.8), strict=True)}
    parts = {part: sums(own) for part, own in rows.items()}
    reached = reaches({Dimension.RESTORE: 1.0}, parts)
    found = [share_interval(parts[part].known) for part in restore]
    value, down = 1.32 / 3, hypot(*(share - one.low for share, one in zip((0.02, 0.5, 0.8), found, strict=True))) / 3
    alone = [100 / 99 * squared({part: reached.below.lines[part]}, rows) for part in restore]

    assert sum(alone) == pytest.approx(log(value / (value - down)) ** 2)
    assert set(reached.above.lines) == set(restore)


def test_what_staff_are_owed_is_apart_and_learning_is_no_sample() -> None:
    staff = {part: [(1, 1), (0, 1), (1, 1), (1, 1)] for part in PARTS[Dimension.ENABLE]}
    rows = {**dict.fromkeys(SHARES, of_one(0.5)), **staff, Part.LEARNT: [(1, 2)]}
    for other in (of_one(0.5), of_one(0.02)):
        _, found = built({**rows, Part.FIRST_TIME: other})
        for reach in (found.below, found.above):
            assert reach.apart > 0
            assert Part.WITHOUT_PERMISSION in reach.lines
            assert not {Part.LEARNT, Part.REQUESTS_MET, Part.PROPOSALS_ANSWERED} & set(reach.lines)


def test_a_single_customer_of_a_share_leaves_it_open_and_finite() -> None:
    rows = {**dict.fromkeys(SHARES, of_one(0.5)), Part.KEPT: [(1, 1)]}
    low, high = interval(rows)

    assert 1 <= low < 15
    assert high < 100


def test_one_customer_leaves_the_composite_open() -> None:
    found, reached = built(dict.fromkeys(SHARES, of_one(0.5)))

    assert composite_interval(found, reached, 1, 0.0, 0.0) == (1, 100)


@pytest.mark.parametrize(
    ("first", "others", "customers"),
    [(0.5, (0.9, 0.75, 0.8, 0.6), 60), (0.03, (0.9, 0.75, 0.8, 0.6), 60), (0.97, (0.97, 0.97, 0.97, 0.97), 40)],
)
def test_it_covers_what_it_says(first: float, others: tuple[float, float, float, float], customers: int) -> None:
    """Of 200 worlds 92 to 97 in a hundred, and what 200 worlds can tell from that."""
    chance = Random(5)  # noqa: S311 - simulated customers
    truth = dict(zip(SHARES, (*others[:2], first, *others[2:]), strict=True))
    value = exp(sum(log(100 * share) for share in truth.values()) / 5)
    held = 0
    for _ in range(200):
        drawn = [_customer(chance, truth) for _ in range(customers)]
        low, high = interval({part: [own[part] for own in drawn] for part in SHARES})
        held += low <= value <= high

    assert 0.89 <= held / 200 <= 0.995


def _customer(chance: Random, truth: Mapping[Part, float]) -> dict[Part, tuple[int, int]]:
    """One customer's rows: one to four of each share, alike within the customer, and across the shares."""
    lucky, rows = chance.random(), {}
    for part, share in truth.items():
        m = chance.randint(1, 4)
        mine = 0.8 * chance.betavariate(share * 4, (1 - share) * 4) + 0.2 * (1.0 if lucky < share else 0.0)
        rows[part] = (sum(chance.random() < mine for _ in range(m)), m)
    return rows
