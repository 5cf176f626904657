"""Models and scorecards at the command line: decided by whoever is there, with a reason where one is needed."""

import json
from uuid import uuid4

from api.cli.learning import forward_text
from api.customers import departures
from api.customers.schemas import DepartureBody
from api.dependencies import Work
from api.failures import observations, service
from api.failures.schemas import ConditionBody, ObservationBody
from api.risk.follow_ups.schemas import FollowUpBody
from api.risk.follow_ups.service import store_follow_up
from api.workspaces.changing import change
from api.workspaces.schemas import WorkspacePatch
from tests.api.caller import ago
from tests.api.cli.desk import WORKSPACE, Desk
from tests.api.cli.orders import asked
from tests.api.risk.found import keep_confirmed

HERE = ("--workspace", WORKSPACE)
CUSTOMERS = '[fields]\nreference = "id"\nobjects_to_scoring = "no"\n'
CASES = '[fields]\nreference = "id"\ncustomer = "customer"\nopened_at = "at"\nneed = { constant = "repair" }\n'


async def late_in_the_case(work: Work) -> None:
    """Let somebody see a condition in the case."""
    await service.store_condition(
        work, ConditionBody.model_validate({"code": "late", "name": "Late", "kind": "process"})
    )
    seen = {"case": "K-1", "condition": "late", "state": "present", "source": "staff", "observed_at": ago(hours=1)}
    await observations.store_observations(work, [ObservationBody.model_validate(seen)])


async def failed_and_left(work: Work) -> None:
    """Let the condition be confirmed as a set, one customer be owed something and another leave."""
    await change(work, WorkspacePatch(yearly_loss=0.05), "*")
    await keep_confirmed(work, ["late"])
    await store_follow_up(work, FollowUpBody.model_validate({"customer": "C-1", "case": "K-1", "reference": "R-1"}))
    gone = {"customer": "C-3", "kind": "cancelled", "at": ago(days=1)}
    await departures.store_departures(work, [DepartureBody.model_validate(gone)])


def test_the_scorecard_is_shown_and_changed(desk: Desk) -> None:
    before = desk.run("scorecard", "show", *HERE)
    assert "Version 0; yearly loss 0.15 (assumed)" in before.output
    changed = desk.run(
        "scorecard", "change", *HERE, "--term", "score_last=1.4", "--term", "effort_last=±0.1",
        "--yearly-loss", "0.3", "--reason", "We know them.", "--json",
    )  # fmt: skip
    told = json.loads(changed.stdout)
    assert (told["number"], told["yearly_loss"], told["actor"].partition(":")[0]) == (1, 0.3, "cli")
    assert {term["feature"]: (term["weight"], term["sd"]) for term in told["terms"]} == {
        "score_last": (1.4, None),
        "effort_last": (None, 0.1),
    }
    after = desk.run("scorecard", "show", *HERE).output
    assert "score_last: +1.40 ± 0.50, published +0.90 ± 0.50" in after
    assert json.loads(desk.run("scorecard", "show", *HERE, "--json").stdout)["yearly_loss_from"] == "scorecard"


def test_what_may_not_be_believed_is_refused_at_the_command_line_too(desk: Desk) -> None:
    why = ("--reason", "x")
    for term, said in (
        ("gender=1", "protected attribute"),
        ("shoe=1", "no feature"),
        ("score_last", "is not FEATURE=WEIGHT"),
        ("score_last=", "is not FEATURE=WEIGHT"),
        ("score_last=x", "is not FEATURE=WEIGHT"),
        ("score_last=99", "Correct terms/0/weight"),
    ):
        result = desk.run("scorecard", "change", *HERE, "--term", term, *why)
        assert (result.exit_code, said in result.output) == (2, True), result.output


def test_models_are_listed_and_decided_on(desk: Desk) -> None:
    assert "the scorecard serves" in desk.run("models", "list", *HERE).output
    assert json.loads(desk.run("models", "list", *HERE, "--json").stdout) == {"items": []}
    for what in ("promote", "challenge", "retire"):
        result = desk.run("models", what, str(uuid4()), *HERE)
        assert (result.exit_code, "There is no model" in result.output) == (1, True)
    for command in (("models", "promote", str(uuid4())), ("train",)):
        result = desk.run(*command, *HERE, "--anyway")
        assert (result.exit_code, "needs a `--reason`" in result.output) == (2, True)


def test_one_customers_risk_is_told_with_its_reasons(desk: Desk) -> None:
    desk.take("customers", desk.write("c.csv", "id,no\nC-1,\nC-2,true\nC-3,\n"), CUSTOMERS)
    desk.take("cases", desk.write("k.csv", f"id,customer,at\nK-1,C-1,{ago(days=2)}\n"), CASES)
    asked(late_in_the_case)
    told = desk.run("risk", "C-1", *HERE)
    assert told.exit_code == 0, told.output
    assert told.output.startswith("C-1: Risk .")
    assert "Not flagged: no threshold (undeclared)." in told.output
    assert "By the scorecard (prior, learnt from 0 customers, 0 of whom left), as of 20" in told.output
    assert "  late: in 1 of their cases, last on 20" in told.output
    assert "without it; countermeasure none; case:K-1" in told.output
    answer = json.loads(desk.run("risk", "C-1", *HERE, "--json", "--lang", "nl").stdout)
    assert (answer["customer"], [one["code"] for one in answer["conditions"]]) == ("C-1", ["late"])
    assert answer["reason_text"].startswith("Risico 0,")
    then = desk.run("risk", "C-1", *HERE, "--as-of", "2026-01-01").output
    assert "no condition on record" in then
    assert "as of 2026-01-01 00:00 UTC" in then
    asked(failed_and_left)
    told = desk.run("risk", "C-1", *HERE)
    assert "  late: confirmed; 0." in told.output
    assert "Owed: redress R-1, due 20" in told.output
    assert "Flagged: threshold 0.0" in told.output
    assert "objects to being scored" in desk.run("risk", "C-2", *HERE).output
    assert "has left" in desk.run("risk", "C-3", *HERE).output


def test_whom_nobody_knows_has_no_risk_nor_has_anybody_tomorrow(desk: Desk) -> None:
    for arguments, said in ((("C-9",), "no customer C-9"), (("C-1", "--as-of", "2100-01-01"), "not known yet")):
        result = desk.run("risk", *arguments, *HERE)
        assert (result.exit_code, said in result.output) == (1, True)


def test_how_a_model_did_is_told_in_figures_with_their_intervals() -> None:
    figures = {"log_loss": 0.1236, "brier_skill": 0.05, "auc": None, "ece": 0.0236}
    told = {"rows": 2120, "customers": 522, "departures": 58, "model": figures, "scorecard": figures}
    said = forward_text({**told, "intervals": {"model": {"log_loss": [0.09, 0.16], "auc": None}}})
    assert said.splitlines() == [
        "Tested forward in time on 522 customers, 58 of 2120 rows followed by a departure:",
        "  model: log-loss 0.124 [0.090, 0.160], Brier skill 0.050, AUC unknown, calibration error 0.024",
        "  scorecard: log-loss 0.124, Brier skill 0.050, AUC unknown, calibration error 0.024",
    ]
    assert "could not be tested" in forward_text({"rows": 0})
