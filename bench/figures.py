"""Figures asked beside figures measured: what every bench returns and how it is printed."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One acceptance figure.

    Attributes
    ----------
    name : str
        What is measured.
    asked, measured : str
        In the same words, so that they can be compared at a glance.
    reached : bool or None
        None where nothing could be measured (data absent) or nothing is asked.
    """

    name: str
    asked: str
    measured: str
    reached: bool | None


def print_figures(figures: Iterable[Figure]) -> bool:
    """Print the figures as a table, each as soon as it is known; tell whether none fell short."""
    fine = True
    print(f"{'figure':<46} {'asked':<34} {'measured':<52} reached")
    for figure in figures:
        word = {True: "yes", False: "NO", None: "-"}[figure.reached]
        print(f"{figure.name:<46} {figure.asked:<34} {figure.measured:<52} {word}", flush=True)
        fine &= figure.reached is not False
    return fine
