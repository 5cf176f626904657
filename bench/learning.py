"""Everything this release must show, printed beside what was asked: `python bench/learning.py --data FOLDER`.

`--quick` runs fewer seeds; `--only product|conditions|countermeasures|risk` runs one part.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import conditions
import countermeasures
import product
import risk
from figures import Figure, print_figures

PARTS = ("product", "conditions", "countermeasures", "risk")


def figures(data: Path | None, *, quick: bool, parts: list[str]) -> Iterator[Figure]:
    """Measure the parts asked for."""
    if "product" in parts:
        if data is None:
            yield Figure("imports and answers", "-", "no --data folder", None)
        else:
            yield from product.figures(data)
    if "conditions" in parts:
        yield from conditions.figures(data, quick)
    if "countermeasures" in parts:
        yield from countermeasures.measured(quick=quick)
    if "risk" in parts and data is None:
        yield Figure("risk on real data", "-", "no --data folder", None)
    elif "risk" in parts and data is not None:
        yield from risk.figures([data], quick)


def main() -> int:
    """Print the figures; exit 1 where one falls short."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="the folder with the public data sets")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", action="append", choices=PARTS)
    given = parser.parse_args()
    return 0 if print_figures(figures(given.data, quick=given.quick, parts=given.only or list(PARTS))) else 1


if __name__ == "__main__":
    sys.exit(main())
