"""Worlds whose condition sets are known, to measure what the engine finds of them.

Run as a script to write one as a table for `steadfast analyse --table`:
    python bench/worlds.py --seed 1 --rows 50000 --to world.csv
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv
from scipy.stats import norm

Flags: TypeAlias = NDArray[np.bool_]
Matrix: TypeAlias = NDArray[np.float64]
Members: TypeAlias = frozenset[int]

RHO = 0.25
FAILURE_RATE = 0.04
EXPLAINED = 0.72  # share of failures that come from planted sets


@dataclass(frozen=True)
class World:
    """A matrix, its outcome, and the sets that made it.

    `groups`, `strata` and `time` are None where the world has none.
    """

    X: Matrix
    y: NDArray[np.int64]
    names: tuple[str, ...]
    planted: tuple[Members, ...] = ()
    groups: NDArray[np.int64] | None = None
    strata: NDArray[np.int64] | None = None


def correlated(rng: np.random.Generator, n: int, prevalence: NDArray[np.float64]) -> Flags:
    """Draw n rows of conditions with the given prevalences, latent correlation RHO between any two."""
    shared = rng.standard_normal(n, dtype=np.float32) * np.sqrt(RHO)
    flags = np.empty((n, len(prevalence)), dtype=bool)
    for j, cut in enumerate(norm.isf(prevalence)):
        flags[:, j] = shared + np.sqrt(1 - RHO) * rng.standard_normal(n, dtype=np.float32) > cut
    return flags


def complete(flags: Flags, members: Members) -> Flags:
    """Tell in which rows every member is present."""
    return flags[:, sorted(members)].all(axis=1)


def draw_sets(rng: np.random.Generator, sizes: tuple[int, ...], pools: dict[int, range]) -> tuple[Members, ...]:
    """Draw sets of the given sizes, none inside another; every size has its own pool of conditions."""
    chosen: list[Members] = []
    while len(chosen) < len(sizes):
        size = sizes[len(chosen)]
        members = frozenset(int(j) for j in rng.choice(np.array(pools[size]), size, replace=False))
        if not any(members <= other or other <= members for other in chosen):
            chosen.append(members)
    return tuple(chosen)


def planted_world(seed: int, n: int, *, conditions: int = 40, with_four: bool = False, segments: int = 0) -> World:
    """Build the planted world: 15 real conditions, 6 proxies, 3 symptoms, the rest noise.

    Single conditions are rare, members of pairs less so, members of larger sets common, so that every set matters.
    Completion lies between .25 and .8; the leak takes what is left of 4 % failures.
    """
    rng = np.random.default_rng(seed)
    prevalence = np.concatenate([rng.uniform(0.005, 0.01, 2), rng.uniform(0.04, 0.08, 5), rng.uniform(0.1, 0.18, 8)])
    sizes = (1, 1, 2, 2, 2, 3, 3, 3)
    pools = {1: range(2), 2: range(2, 7), 3: range(7, 15), 4: range(7, 15)}
    planted = draw_sets(rng, (*sizes[:-1], 4) if with_four else sizes, pools)
    noise = rng.uniform(0.05, 0.3, conditions - 24)
    segment = rng.integers(0, segments, n) if segments else None
    real = _drawn(rng, n, np.concatenate([prevalence, noise]), segment)
    held = [complete(real, members) for members in planted]
    completion = rng.uniform(0.25, 0.8, len(planted))
    eta = _leak(rng, held, completion, segment, n)
    for rows, q in zip(held, completion, strict=True):
        eta[rows] -= np.log1p(-q)
    y = rng.random(n) < -np.expm1(-eta)
    X = np.hstack([real[:, :15], _proxies(rng, real, planted), _symptoms(rng, held), real[:, 15:]])
    return World(
        X=X.astype(np.float64),
        y=y.astype(np.int64),
        names=_names(conditions),
        planted=planted,
        strata=segment,
    )


def _names(conditions: int) -> tuple[str, ...]:
    kinds = (("real", 15), ("proxy", 6), ("symptom", 3), ("noise", conditions - 24))
    return tuple(f"{kind}_{i + 1}" for kind, times in kinds for i in range(times))


def _drawn(
    rng: np.random.Generator, n: int, prevalence: NDArray[np.float64], segment: NDArray[np.int64] | None
) -> Flags:
    """Draw the conditions; a segment moves the prevalence of every one of them."""
    if segment is None:
        return correlated(rng, n, prevalence)
    flags = np.empty((n, len(prevalence)), dtype=bool)
    for s in range(int(segment.max()) + 1):
        rows = segment == s
        odds = prevalence / (1 - prevalence) * np.exp(rng.normal(0, 0.6, len(prevalence)))
        flags[rows] = correlated(rng, int(rows.sum()), odds / (1 + odds))
    return flags


def _leak(
    rng: np.random.Generator,
    held: list[Flags],
    completion: NDArray[np.float64],
    segment: NDArray[np.int64] | None,
    n: int,
) -> NDArray[np.float64]:
    """Return the leak of every row: what the sets leave of the failure rate, from .2 to 3 times by segment."""
    made = sum(float(rows.mean()) * q for rows, q in zip(held, completion, strict=True))
    leak = max(FAILURE_RATE - made, FAILURE_RATE * (1 - EXPLAINED))
    if segment is None:
        return np.full(n, leak)
    factors = np.geomspace(0.2, 3.0, int(segment.max()) + 1)
    factors /= factors.mean()
    return leak * rng.permutation(factors)[segment]


def _proxies(rng: np.random.Generator, real: Flags, planted: tuple[Members, ...]) -> Flags:
    """Four noisy copies of members of planted sets and two of whole sets: present in 85 % of what they copy."""
    members = sorted(frozenset().union(*planted))
    copied = [real[:, j] for j in rng.choice(members, 4, replace=False)]
    copied += [complete(real, planted[k]) for k in rng.choice(len(planted), 2, replace=False)]
    return np.stack([_echo(rng, flags, shown=0.85, alone=0.03) for flags in copied], axis=1)


def _symptoms(rng: np.random.Generator, held: list[Flags]) -> Flags:
    """Three symptoms, each mostly present where one of two sets is complete."""
    pairs = [rng.choice(len(held), 2, replace=False) for _ in range(3)]
    return np.stack([_echo(rng, held[a] | held[b], shown=0.8, alone=0.05) for a, b in pairs], axis=1)


def _echo(rng: np.random.Generator, flags: Flags, *, shown: float, alone: float) -> Flags:
    return rng.random(len(flags)) < np.where(flags, shown, alone)


def shuffled_binary(seed: int, n: int = 20_000) -> World:
    """Return a planted world whose outcome is shuffled: nothing is there to be found."""
    world = planted_world(seed, n)
    y = np.random.default_rng(10_000 + seed).permutation(world.y)
    return World(X=world.X, y=y, names=world.names)


def shuffled_clustered(seed: int, n: int = 20_000, icc: float = 0.2) -> World:
    """Draw customers whose conditions persist and who differ in their rate of failure, the two unrelated.

    The failure rate of a customer is Beta distributed with the intraclass correlation `icc`; one condition in
    five of a row is drawn anew, the others are the customer's own.
    """
    rng = np.random.default_rng(20_000 + seed)
    customers = n // 8
    groups = np.sort(rng.integers(0, customers, n))
    prevalence = rng.uniform(0.03, 0.3, 40)
    own, fresh = correlated(rng, customers, prevalence)[groups], correlated(rng, n, prevalence)
    X = np.where(rng.random((n, 40)) < 0.2, fresh, own)
    spread = 1 / icc - 1
    rate = rng.beta(FAILURE_RATE * spread, (1 - FAILURE_RATE) * spread, customers)
    y = rng.random(n) < rate[groups]
    return World(X.astype(np.float64), y.astype(np.int64), tuple(f"noise_{i + 1}" for i in range(40)), groups=groups)


def shuffled_numeric(seed: int, n: int = 20_000) -> World:
    """Draw twelve numbers of several shapes and eight flags, outcome unrelated; cuts are chosen anew each time."""
    rng = np.random.default_rng(30_000 + seed)
    shared = rng.standard_normal((n, 1)) * np.sqrt(RHO)
    base = shared + np.sqrt(1 - RHO) * rng.standard_normal((n, 12))
    base[:, 4:8] = np.exp(base[:, 4:8])
    base[:, 8:] = np.round(base[:, 8:] * 3)
    X = np.hstack([base, correlated(rng, n, rng.uniform(0.05, 0.3, 8))])
    y = rng.random(n) < FAILURE_RATE
    return World(X, y.astype(np.int64), tuple(f"noise_{i + 1}" for i in range(20)))


SHUFFLED: dict[str, Callable[[int], World]] = {
    "binary": shuffled_binary,
    "clustered": shuffled_clustered,
    "numeric": shuffled_numeric,
}


def write_table(world: World, path: Path) -> None:
    """Write a world as CSV: the conditions, `failed`, and customer or segment where there are any."""
    columns: dict[str, NDArray[np.generic]] = {name: _whole(world.X[:, j]) for j, name in enumerate(world.names)}
    columns["failed"] = world.y
    if world.groups is not None:
        columns["customer"] = world.groups
    if world.strata is not None:
        columns["segment"] = world.strata
    arrow_csv.write_csv(pa.table(columns), path)


def _whole(column: NDArray[np.float64]) -> NDArray[np.generic]:
    return column.astype(np.int64) if (column == np.round(column)).all() else column


def main() -> None:
    """Write one world and say what is planted in it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--kind", choices=["planted", "segments", "large", *SHUFFLED], default="planted")
    parser.add_argument("--to", type=Path, required=True)
    chosen = parser.parse_args()
    makers: dict[str, Callable[[int, int], World]] = {
        "planted": planted_world,
        "segments": lambda seed, n: planted_world(seed, n, segments=5),
        "large": lambda seed, n: planted_world(seed, n, conditions=150, with_four=True),
        "binary": shuffled_binary,
        "clustered": shuffled_clustered,
        "numeric": shuffled_numeric,
    }
    world = makers[chosen.kind](chosen.seed, chosen.rows)
    write_table(world, chosen.to)
    print(f"{len(world.y)} rows, {int(world.y.sum())} failures, to {chosen.to}")
    for members in world.planted:
        print("planted:", ", ".join(world.names[j] for j in sorted(members)))


if __name__ == "__main__":
    main()
