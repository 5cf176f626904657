"""A condition set said in a sentence: how often cases failed with it, with part of it, and that this is association."""

from collections.abc import Mapping, Sequence

from api.failures.schemas import ConditionSetAnswer

ASSOCIATION = "This is an association; it does not say that the conditions made the cases fail."
DOUBT = {
    "not_confirmed": "Later cases did not confirm it.",
    "not_supported": "The cases do not speak for it.",
    "too_few": "There are too few cases to tell.",
    "stopped": "It has stopped since: later cases show it no more, or much less.",
}
UNSEEN = "No analysis has looked at it yet."


def sentence(found: ConditionSetAnswer, names: Mapping[str, str]) -> str:
    """Return a set in words.

    Parameters
    ----------
    found
    names
        What the catalogue calls its conditions; one that is not there is called by its code.
    """
    called = [names.get(code, code) for code in found.conditions]
    if found.rows is None or found.customers is None or found.failures is None:
        return f"{_listed(called)}, as people drew it. {UNSEEN}"
    said = [f"{_where(called)} {found.failures} of {found.rows} cases failed, of {_customers(found.customers)}"]
    if found.rate is not None and found.rate_low is not None and found.rate_high is not None:
        between = f"{_percent(found.rate_low)} to {_percent(found.rate_high)}"
        said.append(f" ({_percent(found.rate)}, 95 % interval {between})")
    if found.rate_without_any is not None:
        missing = "without it" if len(called) == 1 else "where exactly one of them was missing"
        said.append(f"; {missing}, {_percent(found.rate_without_any)}")
    return " ".join(["".join(said) + ".", *([DOUBT[found.status]] if found.status in DOUBT else []), ASSOCIATION])


def _where(called: Sequence[str]) -> str:
    return f"Where {_listed(called)} came together," if len(called) > 1 else f"With {_listed(called)},"


def _listed(called: Sequence[str]) -> str:
    quoted = [f"“{name}”" for name in called]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _customers(number: int) -> str:
    return "1 customer" if number == 1 else f"{number} customers"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
