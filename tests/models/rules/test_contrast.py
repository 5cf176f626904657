"""Colours: how far apart they are, and the nearest that can be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.contrast import adapted, contrast, mixed, parsed, readable_on, written

COLOURS = st.tuples(*[st.integers(0, 255)] * 3).map(written)


def test_the_standards_own_figures() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert contrast("#ffffff", "#767676") == contrast("#767676", "#ffffff")


@given(COLOURS)
def test_of_black_and_white_one_reads_on_every_colour(colour: str) -> None:
    assert contrast(readable_on(colour), colour) >= 4.5
    assert written(parsed(colour)) == colour


@given(COLOURS, COLOURS)
def test_every_colour_has_a_shade_that_reads_on_every_ground(colour: str, ground: str) -> None:
    shade = adapted(colour, ground)
    assert contrast(shade, ground) >= 4.5
    assert (shade == colour) == (contrast(colour, ground) >= 4.5)


def test_nearer_shades_are_taken_first() -> None:
    assert adapted("#777777", "#ffffff") != "#000000"
    assert mixed("#102030", "#102030", 0.3) == "#102030"
