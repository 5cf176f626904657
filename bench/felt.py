"""Felt: the worked example as published, how often intervals hold what is so, and how long it takes.

`PYTHONPATH=. python bench/felt.py`. Worlds of people with one known factor, each asked the first item and two of the
others.
"""

import time

import numpy as np

from ml.felt.consistency import DRAWS
from ml.felt.factor import alpha, omega, one_factor
from ml.felt.scale import felt_scale
from tests.ml.felt.test_factor import ALPHA_OF_ASRM, ASRM, OMEGA_OF_ASRM
from tests.ml.felt.worlds import answered, asked

WORLDS, OMEGA_WORLDS, FORMS = 1_000, 400, 1_600
NEVER = 10**9


def worked_example() -> None:
    """Print omega and alpha of the published matrix."""
    found = omega(one_factor([ASRM]))[0], alpha([ASRM])[0]
    print(f"mania scale: omega {found[0]:.6f} (published {OMEGA_OF_ASRM}), alpha {found[1]:.6f} ({ALPHA_OF_ASRM})")


def coverage(people: int, each: int, truth: float) -> None:
    """Print how often Felt's interval holds the truth, of people who answer more than once."""
    held, width = 0, 0.0
    for seed in range(WORLDS):
        rng = np.random.default_rng(seed)
        told = asked(rng, np.repeat(answered(rng, people), each, axis=0))
        felt = felt_scale(told, np.repeat(np.arange(people), each), least_forms=NEVER).felt
        held += felt.low <= truth <= felt.high
        width += (felt.high - felt.low) / WORLDS
    print(
        f"Felt of {people} people, {each} forms each: {held / WORLDS:.1%} of {WORLDS} intervals hold it, "
        f"width {width:.1f}"
    )


def consistency_covered(worlds: int) -> tuple[float, float]:
    """Return how often the intervals of omega and alpha hold the truth, as told: with all their draws."""
    matrix = np.cov(answered(np.random.default_rng(0), 1_000_000).T)
    truth = float(omega(one_factor([matrix]))[0]), float(alpha([matrix])[0])
    held = np.zeros(2)
    for seed in range(worlds):
        rng = np.random.default_rng(seed)
        found = felt_scale(asked(rng, answered(rng, FORMS)), least_forms=2).consistency
        pairs = zip((found.omega, found.alpha), truth, strict=True)
        held += [each.low <= true <= each.high for each, true in pairs]
    omegas, alphas = (held / worlds).tolist()
    return omegas, alphas


def seconds(forms: int) -> None:
    """Print how long one scale takes with 1 000 draws."""
    rng = np.random.default_rng(0)
    told = asked(rng, answered(rng, forms))
    start = time.perf_counter()
    felt_scale(told)
    print(f"{forms} forms: {time.perf_counter() - start:.1f} s with 1 000 draws")


def main() -> None:
    """Print everything."""
    worked_example()
    truth = 25 * float(answered(np.random.default_rng(0), 1_000_000).mean())
    for people, each in ((100, 1), (300, 1), (300, 2), (100, 6)):
        coverage(people, each, truth)
    omegas, alphas = consistency_covered(OMEGA_WORLDS)
    print(
        f"{FORMS} forms: {omegas:.1%} of {OMEGA_WORLDS} intervals hold omega, {alphas:.1%} alpha ({DRAWS} draws each)"
    )
    for forms in (2_000, 20_000, 100_000):
        seconds(forms)


if __name__ == "__main__":
    main()
