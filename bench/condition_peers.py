"""What peers find in the planted worlds, and what it costs: each in a process of its own, held to the same limits.

The peers get what favours them: only flags that are present (absence is no condition here), no more than three
members, and the support and confidence that all planted sets have, which nobody would know of real data. mlxtend's
FP-growth looks at the failing cases alone (over all cases it took eight times as long); its sets are then ranked as
pysubgroup ranks its own, by the root of the cases times the excess of their rate. pysubgroup runs its depth-first
search over bit sets, the quickest of its algorithms here, and returns the fifty best.

mlxtend and pysubgroup are no part of the environment: `uv pip install mlxtend pysubgroup`.
"""

import importlib.util
import multiprocessing
import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.connection import Connection

import numpy as np

from bench.figures import Figure
from bench.worlds import World, planted_world
from ml.conditions import ConditionSetMiner

if importlib.util.find_spec("mlxtend") and importlib.util.find_spec("pysubgroup"):
    import pandas as pd
    import pysubgroup as ps
    from mlxtend.frequent_patterns import fpgrowth

Sets = list[frozenset[str]]

CPU_LIMIT = 120
MEMORY_LIMIT = 6 << 30
RARE = 0.001  # of all cases: fewest that have a planted set and failed
LEAST_RATE = 0.2  # below every planted completion
LARGEST = 3
LISTED = 50


def steadfast(world: World) -> Sets:
    """Return the sets in the order found."""
    miner = ConditionSetMiner(feature_names=world.names).fit(world.X, world.y)
    return [frozenset(condition.feature for condition in found.items) for found in miner.sets_]


def growth(world: World) -> Sets:
    """Return mlxtend's frequent sets of failing cases that fail often enough, the best first."""
    flags = pd.DataFrame(world.X.astype(bool), columns=list(world.names))
    failing = flags[world.y == 1]
    support = RARE * len(flags) / len(failing)
    frequent = fpgrowth(failing, min_support=support, max_len=LARGEST, use_colnames=True)
    columns = {name: np.packbits(flags[name].to_numpy()) for name in world.names}
    rated: list[tuple[float, frozenset[str]]] = []
    for share, members in zip(frequent["support"], frequent["itemsets"], strict=True):
        rows = int(np.bitwise_count(np.bitwise_and.reduce([columns[name] for name in members])).sum())
        rate = share * len(failing) / rows
        if rate >= LEAST_RATE:
            rated.append((float(np.sqrt(rows)) * (rate - world.y.mean()), members))
    return [members for _, members in sorted(rated, key=lambda each: -each[0])]


def subgroups(world: World) -> Sets:
    """Return pysubgroup's best subgroups by its standard quality function."""
    table = pd.DataFrame(world.X.astype(bool), columns=list(world.names))
    table["failed"] = world.y.astype(bool)
    task = ps.SubgroupDiscoveryTask(
        table,
        ps.BinaryTarget("failed", True),
        [ps.EqualitySelector(name, True) for name in world.names],
        result_set_size=LISTED,
        depth=LARGEST,
        qf=ps.StandardQF(0.5),
    )
    found = ps.DFS(ps.BitSetRepresentation).execute(task)
    return [frozenset(one.attribute_name for one in described.selectors) for _, described, *_ in found.results]


PEERS: dict[str, Callable[[World], Sets]] = {
    "steadfast": steadfast,
    "mlxtend FP-growth": growth,
    "pysubgroup": subgroups,
}


@dataclass(frozen=True)
class Trial:
    """What one of them found in one world, or why it did not end (`stopped`, None where it did)."""

    sets: Sets
    seconds: float
    stopped: str | None


def _work(answer: Connection, find: Callable[[World], Sets], world: World) -> None:
    """Find sets within the limits and send them with the CPU seconds they took."""
    began = time.process_time()
    spent = int(began) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (spent + CPU_LIMIT, spent + CPU_LIMIT))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    sets = find(world)
    answer.send((sets, time.process_time() - began))


def tried(find: Callable[[World], Sets], world: World) -> Trial:
    """Run one of them in a process of its own."""
    here, there = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=_work, args=(there, find, world))
    with closing(here):
        process.start()
        there.close()
        try:
            sets, seconds = here.recv()
        except EOFError:
            process.join()
            spent = process.exitcode in {-signal.SIGXCPU, -signal.SIGKILL}
            return Trial([], float("nan"), f"stopped at {CPU_LIMIT} CPU s" if spent else "out of memory at 6 GB")
        process.join()
    return Trial(sets, seconds, None)


def compared(rows: int, seeds: list[int]) -> Iterator[Figure]:
    """Yield what each found of the planted sets at one size, and whether the engine found more for less."""
    size = f"{rows:,} rows x {len(seeds)}".replace(",", " ")
    if "ps" not in globals():
        yield Figure(f"peers, {size}", "more exact sets, less CPU", "peers not installed", reached=None)
        return
    exact: dict[str, float] = {}
    cost: dict[str, float] = {}
    for name, find in PEERS.items():
        trials = [_told(planted_world(seed, rows), find) for seed in seeds]
        ended = [trial for trial in trials if not isinstance(trial, str)]
        if not ended:
            yield Figure(f"{name}, {size}", "-", str(trials[0]), reached=None)
            continue
        first, listed, number, planted, seconds = np.sum(ended, axis=0)
        exact[name], cost[name] = first / planted, seconds / len(ended)
        words = f"{first:.0f} of {planted:.0f} listed first, {listed:.0f} among {number:.0f}, {cost[name]:.2f} CPU s"
        yield Figure(f"{name}, {size}", "-", words, reached=None)
    peers = [name for name in cost if name != "steadfast"]
    best = max((exact[name] for name in peers), default=0.0)
    quickest = min((cost[name] for name in peers), default=float(CPU_LIMIT))
    yield Figure(
        f"against both, {size}",
        "more exact sets, less CPU",
        f"{exact['steadfast']:.3f} beside {best:.3f}, {cost['steadfast']:.2f} CPU s beside {quickest:.2f}",
        exact["steadfast"] > best and cost["steadfast"] < quickest,
    )


def _told(world: World, find: Callable[[World], Sets]) -> tuple[int, int, int, int, float] | str:
    """Return the planted sets among as many as there are and among all, how many were listed, planted, and CPU."""
    trial = tried(find, world)
    if trial.stopped is not None:
        return trial.stopped
    truth = {frozenset(world.names[j] for j in members) for members in world.planted}
    first = truth & set(trial.sets[: len(truth)])
    return len(first), len(truth & set(trial.sets)), len(trial.sets), len(truth), trial.seconds
