"""What a model's card says, in the reader's language: names of figures and states, numbers, and what goes with them.

What was stored in English, a finding or somebody's reason, stands as it was stored and is marked as English.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from api.risk.schemas import CardAnswer
from api.risk.wording import Speech
from api.speaking import message
from ml.reliability_curve import CurveWords, ReliabilityRow

UNKNOWN = message("not known")
FIGURES = {
    "log_loss": message("log loss"),
    "brier_skill": message("brier skill"),
    "average_precision": message("average precision"),
    "auc": message("auc"),
    "precision_at_capacity": message("precision at capacity"),
    "ece": message("ece"),
}
ARMS = {"model": message("model"), "scorecard": message("scorecard"), "challenger": message("challenger")}
STANDINGS = {
    "candidate": message("candidate"),
    "challenger": message("challenger"),
    "champion": message("champion"),
    "retired": message("retired"),
}
BASES = {"prior": message("prior"), "blended": message("blended"), "learned": message("learned")}
LABELS = {"reported": message("reported"), "implicit": message("implicit")}
DECISIONS = {
    "promoted": message("promoted"),
    "retired": message("retired"),
    "challenged": message("challenged"),
}
COMPARED = {
    "better": message("better"),
    "worse": message("worse"),
    "no_difference": message("no difference"),
    "too_few": message("too few"),
}


def named(speech: Speech, names: Mapping[str, str], name: object) -> str:
    """Return what something is called; a name that nobody translated stands with its words apart."""
    return speech.say(names.get(str(name), str(name).replace("_", " ")))


def between(speech: Speech, low: float, high: float, *, places: int = 3, signed: bool = False) -> str:
    """Return an interval."""
    ends = [speech.figure(end, places=places, signed=signed) for end in (low, high)]
    return speech.together(speech.say(message("[{low}, {high}]"), low=ends[0], high=ends[1]))


def share(speech: Speech, told: Mapping[str, float]) -> str:
    """Return a share with its interval."""
    return speech.together(f"{speech.figure(told['value'])} {between(speech, told['low'], told['high'])}")


def figure(speech: Speech, told: Mapping[str, Any], intervals: Mapping[str, Any], name: str) -> str:
    """Return one figure of a forward test, with its interval where there is one."""
    if told.get(name) is None:
        return speech.say(UNKNOWN)
    ends = intervals.get(name)
    return share(speech, {"value": told[name], "low": ends[0], "high": ends[1]}) if ends else speech.figure(told[name])


def facts(speech: Speech, card: CardAnswer) -> Sequence[tuple[str, str]]:
    """Return what the card says first of a model: what it is, and what it was learnt from."""
    window = speech.say(UNKNOWN)
    if card.trained_from is not None and card.trained_to is not None:
        days = {"first": str(card.trained_from.date()), "last": str(card.trained_to.date())}
        window = speech.say(message("{first} to {last}"), **days)
    counted = {"customers": speech.count(card.n_customers), "departures": speech.count(card.n_departures)}
    found = [
        (message("Model"), str(card.id)),
        (message("Kind"), card.name.replace("_", " ")),
        (message("Stands as"), named(speech, STANDINGS, card.state)),
        (message("Basis"), named(speech, BASES, card.basis)),
        (message("Learnt from"), speech.say(message("{customers} customers, {departures} of whom left"), **counted)),
        (message("Snapshots"), window),
        (message("Label"), named(speech, LABELS, card.card.get("label_kind") or "reported")),
    ]
    if card.horizon_days is not None:
        found.append((message("Horizon"), speech.say(message("{days} days"), days=speech.count(card.horizon_days))))
    if card.threshold is not None:
        found.append((message("Flagged from"), speech.figure(card.threshold)))
    return [(speech.say(name), told) for name, told in found]


def compared(speech: Speech, told: Mapping[str, Any]) -> str:
    """Say how the model did beside the one that served when it was learnt."""
    if not told or told.get("difference") is None:
        return ""
    served = message("the scorecard") if told.get("with") == "prior" else message("the model {model}")
    return speech.say(
        message(
            "Beside {served}, which served then, its log-loss differs by {difference} {interval}: {judged}. "
            "Below 0 it did better."
        ),
        served=speech.say(served, model=str(told.get("with"))),
        difference=speech.together(speech.figure(told["difference"], places=4, signed=True)),
        interval=between(speech, told["low"], told["high"], places=4, signed=True),
        judged=named(speech, COMPARED, told["reason"]),
    )


def curve_words(speech: Speech) -> CurveWords:
    """Return what the picture of reliability says."""

    def point(row: ReliabilityRow) -> str:
        return speech.say(
            message("risk {risk}: {left} left {interval}, {customers} customers"),
            risk=speech.figure(row.risk),
            left=speech.figure(row.left),
            interval=between(speech, row.low, row.high),
            customers=speech.count(row.customers),
        )

    return CurveWords(speech.say(message("share that left")), speech.say(message("mean risk given")), point)
