"""Whatever is told, merged, erased and exported in whatever order, the service knows what the small model knows.

MODEL_RUNS=200 and MODEL_STEPS=50 make the full run.
"""

import os

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.generated.histories import Histories
from tests.generated.model import Told
from tests.generated.world import world_of

RUNS = int(os.environ.get("MODEL_RUNS", "4"))
STEPS = int(os.environ.get("MODEL_STEPS", "25"))
HOW = settings(
    max_examples=RUNS,
    stateful_step_count=STEPS,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def test_random_histories_agree_with_the_model(migrated_url: str) -> None:
    with world_of(migrated_url) as world:
        machine = type("HistoriesHere", (Histories,), {"world": world})
        run_state_machine_as_test(machine, settings=HOW)
        assert world.call(world.http.get, "/livez").status_code == 200


def test_the_model_itself_lets_the_newest_win_and_forgets_what_alters_nothing() -> None:
    record, unchanged = Told().told(-2, {"name": "a", "attributes": {"x": 1}})
    assert (record.now, unchanged) == ({"name": "a", "attributes": {"x": 1}}, False)
    record, unchanged = record.told(-5, {"name": "b", "segment": "s"})
    assert (record.now, unchanged) == ({"name": "a", "segment": "s", "attributes": {"x": 1}}, False)
    assert record.told(0, {"name": "a"})[1] is True
    assert record.told(-2, {"attributes": {"x": None}})[0].now == {"name": "a", "segment": "s"}
