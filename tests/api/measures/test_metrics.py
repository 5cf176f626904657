"""A metric over time through the API: by hand, by group, by kind of question."""

from typing import Any

import pytest

from models.rules.statistics import clustered_mean, clustered_nps, clustered_share
from tests.api.caller import Caller, done, refusal
from tests.api.conftest import MakeCaller, MakeWorkspace
from tests.api.measures.conftest import EVERY_KIND, brief, happy, on, points, publish, say

pytestmark = pytest.mark.anyio


async def test_a_week_is_told_as_reckoned_by_hand(known: Caller) -> None:
    await say(known, happy(5, case="K-1"), happy(4, case="K-1"), happy(2, case="K-2"), happy(3, on=on(6, 23)))
    await say(known, happy(1, customer="C-3", on=on(7, 0)))
    found = await known.read("/v1/metrics", metric="satisfaction", **{"from": "2026-03-04", "to": "2026-03-16"})
    assert (found["from"], found["to"]) == ("2026-03-02T00:00:00Z", "2026-03-16T00:00:00Z")
    assert (found["metric"], found["by"], found["interval"], found["zone"]) == ("satisfaction", None, "week", "UTC")
    mean, after, top, none = found["points"]
    # 5 and 4 are one customer's: three customers, (5 + 4 + 2 + 3)/4.
    assert (mean["value"], mean["n"], mean["customers"], mean["kind"], mean["share_of"]) == (3.5, 4, 3, "mean", None)
    by_hand = clustered_mean([[5, 4], [2], [3]])
    assert (mean["low"], mean["high"]) == (pytest.approx(max(1, by_hand.low)), pytest.approx(min(5, by_hand.high)))
    share = clustered_share([(2, 2), (0, 1), (0, 1)])
    assert (top["value"], top["kind"], top["share_of"]) == (0.5, "share", "top_two")
    assert (top["low"], top["high"]) == (pytest.approx(share.low), pytest.approx(share.high))
    assert brief([mean, after], "from", "to", "level", "provisional", "late", "unproved", "changed") == [
        ("2026-03-02T00:00:00Z", "2026-03-09T00:00:00Z", 0.95, False, 0, 0, None),
        ("2026-03-09T00:00:00Z", "2026-03-16T00:00:00Z", 0.95, False, 0, 0, None),
    ]
    # Of one customer a mean has no interval, and a share may be anything.
    assert (after["value"], after["low"], after["high"]) == (1, None, None)
    assert (none["value"], none["low"], none["high"]) == (0, 0, 1)
    assert [scale["counted"][1]["meaning"] for scale in found["scales"]] == ["The share of answers of 4 or 5."]
    asked = [{"survey": "post_interaction", "versions": [1], "question": "satisfaction"}]
    assert found["scales"][0]["asked"] == asked


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        ("team", {"north": 2, "south": 1, None: 2}),
        ("need", {"repair": 4, None: 1}),
        ("channel", {"phone": 4, None: 1}),
        ("segment", {"gold": 2, None: 3}),
        ("survey", {"post_interaction": 5}),
        ("language", {"pt": 1, None: 4}),
    ],
)
async def test_answers_are_told_apart(known: Caller, by: str, groups: dict[str | None, int]) -> None:
    rows = [happy(5, case="K-1"), happy(4, case="K-1", language="pt"), happy(2, case="K-2"), happy(3, case="K-3")]
    await say(known, *rows, happy(1))
    found = [point for point in await points(known, by=by) if point["kind"] == "mean"]
    assert {point["group"]: point["n"] for point in found} == groups
    assert [point["group"] for point in found] == sorted(groups, key=lambda name: (name is None, name or ""))


async def test_every_kind_of_question_is_measured_as_it_can_be(known: Caller) -> None:
    await publish(known, "all", *EVERY_KIND)
    bad: dict[str, Any] = {"recommend": 3, "ease": 6, "again": False, "why": "Speed", "which": ["B_1"], "minutes": 2.5}
    good = {"recommend": 10, "ease": 3, "again": True, "why": "speed", "which": ["a", "bx1"], "minutes": 0.1, "mood": 2}
    good["parts"], bad["parts"] = {"price": "good", "speed": None}, {"price": "bad"}
    empty: dict[str, Any] = {"recommend": 8, "which": [], "words": "nothing"}
    rows: list[dict[str, Any]] = [
        {"answers": good, "customer": "C-1"},
        {"answers": bad, "customer": "C-2"},
        {"answers": empty},
    ]
    await say(known, *rows, survey="all")
    expected = {
        "recommend": [(None, 0, 3)],
        "effort": [(None, 4.5, 2), ("easy", 0.5, 2)],
        "again": [("yes", 0.5, 2)],
        "why": [("Speed", 0.5, 2), ("price", 0, 2), ("speed", 0.5, 2)],
        "which": [("B_1", 0.5, 2), ("a", 0.5, 2), ("b_1", 0, 2), ("bx1", 0.5, 2)],
        "minutes": [(None, 1.3, 2)],
        "parts.price": [("bad", 0.5, 2), ("good", 0.5, 2)],
        "parts.speed": [],
        "mood": [(None, 2, 1)],
    }
    assert {name: brief(await points(known, name), "share_of", "value", "n") for name in expected} == expected
    nps = (await points(known, "recommend"))[0]
    by_hand = clustered_nps([(1, 0, 0), (0, 0, 1), (0, 1, 0)])
    assert (nps["kind"], nps["low"]) == ("nps", pytest.approx(100 * by_hand.low))
    for name, word in (("words", "text"), ("order", "ranking"), ("parts", "parts.<row>")):
        refused = refusal(await known.get("/v1/metrics", metric=name), 422, "not_measured")
        assert word in refused["detail"]
    refusal(await known.get("/v1/metrics", metric="effort.price"), 404, "not_found")
    keys = {item["metric"]: item for item in (await known.read("/v1/metrics/keys"))["items"]}
    assert expected.keys() <= keys.keys()
    assert not {"words", "order", "parts", "comment"} & keys.keys()
    assert {name: keys[name]["n"] for name in ("recommend", "which", "parts.price", "felt_1")} == {
        "recommend": 3,
        "which": 2,
        "parts.price": 2,
        "felt_1": 0,
    }
    assert (keys["effort"]["kinds"], keys["effort"]["surveys"]) == (["ces"], ["all"])
    assert keys["effort"]["first_answer_at"] == keys["effort"]["last_answer_at"] == "2026-03-02T12:00:00Z"
    assert keys["felt_1"]["first_answer_at"] is None


async def test_what_is_partial_or_withdrawn_does_not_count(known: Caller) -> None:
    await say(known, happy(5, case="K-1"), happy(1, complete=False))
    gone = await known.respond("K-2", satisfaction=1, answered_at=on(1), recorded_at=on(1))
    await known.void(f"/v1/responses/{gone['id']}")
    assert brief(await points(known), "value", "n") == [(5, 1), (1, 1)]


async def test_one_metric_is_asked_by_several_surveys_under_other_names(known: Caller) -> None:
    await publish(known, "other", {"key": "q1", "kind": "rating", "metric_key": "satisfaction"})
    await say(known, happy(5))
    await say(known, {"answers": {"q1": 1}}, survey="other")
    assert brief(await points(known), "value", "n") == [(3, 2), (0.5, 2)]
    assert brief(await points(known, by="survey"), "group", "value") == [
        ("other", 1),
        ("other", 0),
        ("post_interaction", 5),
        ("post_interaction", 1),
    ]


async def test_unlike_scales_are_never_mixed(known: Caller) -> None:
    await publish(known, "mood", {"key": "mood", "kind": "rating"})
    await say(known, {"answers": {"mood": 4}, "version": 1}, survey="mood")
    await publish(known, "mood", {"key": "mood", "kind": "rating", "max": 10})
    await publish(known, "mood", {"key": "mood", "kind": "choice", "choices": ["4", "5"]})
    rows = [{"answers": {"mood": 4}, "version": 2}, {"answers": {"mood": "4"}, "version": 3}]
    await say(known, *rows, {"answers": {"mood": 9}, "version": 2, "on": on(1)}, survey="mood")
    found = await known.read("/v1/metrics", metric="mood", **{"from": "2026-03-02", "to": "2026-03-09"})
    assert [(scale["kind"], scale["low"], scale["high"], scale["choices"]) for scale in found["scales"]] == [
        ("rating", 1, 5, []),
        ("rating", 1, 10, []),
        ("choice", None, None, ["4", "5"]),
    ]
    assert brief(found["points"], "scale", "value", "n") == [
        (1, 4, 1),
        (1, 1, 1),
        (2, 6.5, 2),
        (2, 0.5, 2),
        (3, 1, 1),
        (3, 0, 1),
    ]
    assert [scale["asked"][0]["versions"] for scale in found["scales"]] == [[1], [2], [3]]


async def test_claims_are_counted_and_told_or_left_out(known: Caller, caller: MakeCaller) -> None:
    public = await caller("feedback:write")
    await say(known, happy(5, case="K-1"), happy(5))
    for satisfaction in (1, 1):
        body = {"survey": "post_interaction", "customer": "C-1", "answered_at": on(0)}
        done(await public.post("/v1/responses", {**body, **happy(satisfaction)}))
    read = {claims: (await points(known, claims=claims))[0] for claims in ("include", "exclude", "only")}
    members = ("value", "n", "unproved", "customers")
    # Two claims to be the same customer are no two customers.
    assert brief(list(read.values()), *members) == [(3, 4, 2, 3), (5, 2, 0, 2), (1, 2, 2, 1)]


async def test_a_long_time_in_days_is_asked_for_in_parts(known: Caller) -> None:
    days = {"interval": "day", "from": "2020-01-01", "to": "2026-01-01"}
    refusal(await known.get("/v1/metrics", metric="satisfaction", **days), 422, "too_many_points")
    turned = {"from": "2026-01-02", "to": "2026-01-01"}
    refusal(await known.get("/v1/metrics", metric="satisfaction", **turned), 422, "before_from")
    ahead = {"as_known_at": "2100-01-01T00:00:00Z"}
    refusal(await known.get("/v1/metrics", metric="satisfaction", **ahead), 422, "in_the_future")
    refusal(await known.get("/v1/metrics", metric="nobody"), 404, "not_found")
    for wrong in ({"by": "employee"}, {"interval": "hour"}, {"metric": "Bad Name"}, {"from": "yesterday"}):
        refusal(await known.get("/v1/metrics", **{"metric": "satisfaction", **wrong}), 422, "malformed")


async def test_a_neighbour_sees_none_of_it(known: Caller, caller: MakeCaller, make_workspace: MakeWorkspace) -> None:
    await publish(known, "own", {"key": "ours_alone", "kind": "nps"})
    await say(known, happy(5, case="K-1"))
    neighbour = await caller("analysis:read", of=await make_workspace("Another"))
    assert await points(neighbour) == []
    refusal(await neighbour.get("/v1/metrics", metric="ours_alone"), 404, "not_found")
    told = (await neighbour.read("/v1/metrics/keys"))["items"]
    assert {item["n"] for item in told} == {0}
    assert "ours_alone" not in {item["metric"] for item in told}


@pytest.mark.parametrize("interval", ["day", "week", "month"])
async def test_the_ends_of_time_are_periods_without_answers(known: Caller, interval: str) -> None:
    await say(known, happy(5))
    for params in (
        {"as_known_at": "1970-01-01T00:00:00Z"},
        {"from": "1970-01-01", "to": "1970-06-01"},
        {"to": "1971-01-01T00:00:00Z"},
    ):
        found = await known.read("/v1/metrics", metric="satisfaction", interval=interval, **params)
        assert found["points"] == []
    # What lies ahead is cut off at what is known, and asked for alone refused.
    ahead = {"metric": "satisfaction", "interval": interval, "to": "2199-12-31T23:59:59Z"}
    now = await known.read("/v1/metrics", metric="satisfaction", interval=interval)
    assert (await known.read("/v1/metrics", **ahead))["to"] == now["to"]
    refusal(await known.get("/v1/metrics", **ahead, **{"from": "2199-01-01"}), 422, "before_from")


async def test_more_points_than_are_told_at_once_are_refused(known: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.measures.service.MOST_POINTS", 3)
    await say(known, happy(5), happy(5, on=on(7)))
    refusal(
        await known.get("/v1/metrics", metric="satisfaction", **{"from": on(0), "to": on(14)}), 422, "too_many_points"
    )
