"""Ten rows of equal count with intervals by customer, and a picture that reads without eyes or colour."""

import json
from itertools import pairwise
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from ml.evaluation import expected_calibration_error
from ml.reliability import reliability_table
from ml.reliability_curve import ReliabilityRow, reliability_svg

SVG = "{http://www.w3.org/2000/svg}"


def table(size: int = 1_003) -> tuple[ReliabilityRow, ...]:
    rng = np.random.default_rng(0)
    risk = np.round(rng.uniform(0, 0.4, size), 2)
    return reliability_table(rng.random(size) < risk, risk, np.arange(size) // 2)


def test_ten_rows_of_equal_count_in_the_order_of_risk() -> None:
    rows = table()
    assert [row.rows for row in rows] == [101] * 3 + [100] * 7
    assert all(before.high_risk <= after.low_risk for before, after in pairwise(rows))
    assert all(row.low <= row.left <= row.high for row in rows)
    assert all(row.customers <= row.rows for row in rows)


def test_the_table_holds_the_calibration_error() -> None:
    rng = np.random.default_rng(1)
    risk = rng.random(500)
    left = rng.random(500) < risk**2
    rows = reliability_table(left, risk)
    error = sum(row.rows * abs(row.left - row.risk) for row in rows) / 500
    assert error == pytest.approx(expected_calibration_error(left, risk))


def test_fewer_rows_than_bins_make_fewer_rows() -> None:
    assert len(reliability_table([0, 1], [0.2, 0.7])) == 2


@pytest.mark.parametrize(("left", "risk"), [([], []), ([1], [0.1, 0.2]), ([[1]], [[0.1]])])
def test_what_is_no_table_is_refused(left: list[int], risk: list[float]) -> None:
    with pytest.raises(ValueError, match="same length"):
        reliability_table(left, risk)


def test_rows_survive_the_card() -> None:
    rows = table()
    stored = json.loads(json.dumps([row.to_dict() for row in rows], allow_nan=False))
    assert tuple(ReliabilityRow.from_dict(row) for row in stored) == rows


@pytest.mark.parametrize("standalone", [True, False])
def test_the_picture_says_in_words_what_it_shows(standalone: bool) -> None:
    picture = reliability_svg("Risk <given> & come true", "Close to the line.", table(), standalone=standalone)
    root = ET.fromstring(picture)  # noqa: S314 - our own text
    assert root.get("role") == "img"
    named = [root.find(f"{SVG}{part}") for part in ("title", "desc")]
    assert [part.text for part in named if part is not None] == ["Risk <given> & come true", "Close to the line."]
    ids = [part.get("id") for part in named if part is not None]
    assert root.get("aria-labelledby") == " ".join(str(each) for each in ids)
    points = root.findall(f"{SVG}g")
    assert len(points) == 10
    first = points[0].find(f"{SVG}title")
    assert first is not None
    assert str(first.text).startswith("risk 0.0")
    assert ("prefers-color-scheme: dark" in picture) is standalone
    assert ("<style" in picture) is standalone
    assert "style=" not in picture
    assert "<script" not in picture


def test_the_same_rows_make_the_same_picture_within_its_frame() -> None:
    assert reliability_svg("t", "d", table()) == reliability_svg("t", "d", table())
    high = reliability_table([1, 1, 0, 1], [0.9, 0.95, 0.99, 1.0], bins=1)
    root = ET.fromstring(reliability_svg("t", "d", high))  # noqa: S314 - our own text
    width, height = (float(root.get(side) or 0) for side in ("width", "height"))
    for circle in root.iter(f"{SVG}circle"):
        assert 0 < float(circle.get("cx") or -1) < width
        assert 0 < float(circle.get("cy") or -1) < height


def test_no_rows_are_an_empty_frame() -> None:
    assert "<circle" not in reliability_svg("t", "d", ())
