"""Pictures of loyalty: named for those who do not see them, marked by shape, and never past their frame."""

import re
from xml.etree import ElementTree as ET

import pytest

from api.measures.loyalty.report.drawing import DATES, Band, Dot, Row, chart_svg, profile_svg

SVG = "{http://www.w3.org/2000/svg}"


def read(picture: str) -> ET.Element:
    """Read a picture: it is well-formed, has a name and a description of its own, and no word goes unescaped."""
    root = ET.fromstring(picture)  # noqa: S314 - drawn by us
    names = [root.find(f"{SVG}{tag}") for tag in ("title", "desc")]
    assert [each.get("id") for each in names if each is not None] == (root.get("aria-labelledby") or "").split()
    assert root.get("role") == "img"
    return root


def texts(root: ET.Element) -> list[str]:
    """Give the words of a picture."""
    return [each.text or "" for each in root.iter(f"{SVG}text")]


def test_a_profile_shows_intervals_and_says_what_is_not_measured() -> None:
    rows = [
        Row("Keeps <promises>", 75.0, 65.5, 82.6, "75.0 [65.5, 82.6]"),
        Row("Learns", 50.0, None, None, "50.0"),
        Row("Fair", None, None, None, "not measured"),
    ]
    root = read(profile_svg("A & B", "told", rows))
    assert {"Keeps <promises>", "75.0 [65.5, 82.6]", "not measured", "0", "100"} <= set(texts(root))
    assert len(list(root.iter(f"{SVG}circle"))) == 2
    assert read(profile_svg("none", "none", [], name="other")).find(f"{SVG}title") is not None


def test_points_are_marked_by_shape() -> None:
    dots = [
        Dot("1 Jan", 80.0, 60.0, 95.0),
        Dot("8 Jan"),
        Dot("15 Jan", 30.0, 60.0, 95.0, outside=True),
        Dot("22 Jan", 85.0, 60.0, 95.0, run=True),
        Dot("29 Jan", 70.0, 60.0, 95.0, settling=True),
        Dot("5 Feb", 70.0),
    ]
    picture = chart_svg("Keeps", "told", dots, [Band(0, 3, 80.0), Band(3, 6, 82.0)], [(3, "A")], name="c", unit="%")
    root = read(picture)
    titles = [each.text for each in root.iter(f"{SVG}title")]
    assert titles[1:] == [
        "1 Jan: 80",
        "15 Jan: 30, outside its limits",
        "22 Jan: 85, in a run on one side",
        "29 Jan: 70, not settled",
        "5 Feb: 70",
    ]
    assert picture.count('class="hollow"') == 1
    assert {"%", "A", "1 Jan", "5 Feb"} <= set(texts(root))
    # A limit is not drawn through a period that has none.
    dashed = re.findall(r'<path d="([^"]*)" stroke="currentColor" stroke-opacity=".75"', picture)
    assert [path.count("M") for path in dashed] == [2, 2, 1, 1]


@pytest.mark.parametrize("values", [[], [0.0, 0.0], [100.0, 100.0], [0.001, 0.002], [250.0, 90_000.0], [7.0]])
def test_any_figures_fit_their_frame(values: list[float]) -> None:
    picture = chart_svg("Any", "told", [Dot(str(place), value) for place, value in enumerate(values)], [], name="c")
    heights = [float(y) for y in re.findall(r' cy="([^"]*)"', picture)]
    root = read(picture)
    assert len(heights) == len(values)
    assert all(0 < y < float(root.get("viewBox", "").split()[3]) for y in heights)
    assert 2 <= len(re.findall(r'text-anchor="end"', picture)) <= 8


def test_a_share_s_frame_ends_at_all_of_it() -> None:
    dots = [Dot("1 Jan", 100.0, 40.0, 100.0), Dot("8 Jan", 60.0, 40.0, 100.0)]
    shown = texts(read(chart_svg("Any", "told", dots, [Band(0, 2, 80.0)], name="c", most=100.0)))
    assert "100" in shown
    assert "125" not in shown


def test_many_dates_are_thinned_out() -> None:
    dots = [Dot(f"week {place}", float(place)) for place in range(52)]
    shown = [word for word in texts(read(chart_svg("Any", "told", dots, [], name="c"))) if word.startswith("week")]
    assert len(shown) <= DATES
