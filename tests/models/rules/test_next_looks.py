"""When rules have to look again: never after time alone has changed what they see."""

from hypothesis import given

from models.rules.facts import CaseHistory
from models.rules.timeline import RuleBook, derive
from models.rules.values import DAY_US, HOUR_US
from tests.models.rules.test_timeline import HISTORIES, INSTANTS, NOW, RULES, START, ZONE, case, known_by, promise


@given(HISTORIES, INSTANTS)
def test_until_the_next_look_is_due_time_alone_changes_nothing(told: CaseHistory, then_us: int) -> None:
    by_then = known_by(told, then_us)
    next_us = RuleBook(RULES).look(by_then, then_us).next_us
    later = [row.moment_us for row in derive(by_then, RULES, NOW) if row.moment_us > then_us]
    assert min(later, default=None) is None or (next_us is not None and then_us < next_us <= min(later))


def test_a_promise_kept_in_mind_and_a_clock_that_runs_say_when_to_look_again() -> None:
    history = CaseHistory([case()], [promise(START + 5 * HOUR_US)], [], ZONE)
    late, open_long = {"late": RULES["promise_broken"]}, {"open": RULES["open_two_days"]}
    assert RuleBook(late).look(history, START).next_us == START + 5 * HOUR_US + 1
    assert RuleBook(open_long).look(CaseHistory([case()], [], [], ZONE), START).next_us == START + 48 * HOUR_US
    assert RuleBook(late).look(history, START + DAY_US).next_us is None
    assert (RuleBook(late).timed, RuleBook({"handed": RULES["handed_over"]}).timed) == (True, False)
