"""The reason for a risk in one plain sentence, in the reader's language: an association, never a promise.

What is said is said of the model's customer *like this one*. Numbers are written as the language writes them; codes of
conditions are the workspace's own and stay as they are. English needs no catalogue and loads none.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.numbers import format_decimal, format_percent

from api import languages
from api.speaking import message, sentences_in, spoken_in

FALLBACK = languages.FALLBACK
CATALOGUES = Path(__file__).parent / "catalogues"
SPOKEN = spoken_in(CATALOGUES)
SHOWN = 5
"""Conditions named in the sentence; the answer's lists hold all of them."""
VISIBLE = 0.005
"""A smaller fall would print as the same two digits."""
HUNDREDTHS = 100
LONGEST = 200
"""Characters of a header that are read: browsers send some dozens."""
THESE = {
    2: message("these two act together"),
    3: message("these three act together"),
    4: message("these four act together"),
    5: message("these five act together"),
}
ISOLATES = "\u2068", "\u2069"

Told = Mapping[str, Any]


@dataclass(frozen=True)
class Speech:
    """One language reasons are given in.

    Parameters
    ----------
    language
        A BCP 47 tag there is a catalogue for.
    sentences
        By the English sentence.
    decimals, percents
        How each hundredth from 0 to 1 is written, as a risk and as a share.
    """

    language: str
    sentences: Mapping[str, str] = field(repr=False)
    decimals: Sequence[str] = field(repr=False)
    percents: Sequence[str] = field(repr=False)
    around: tuple[str, str]
    """What stands around codes: in a language read from right to left, what keeps them in their own order."""

    def say(self, text: str, **values: str) -> str:
        """Return a sentence in this language with its values in it."""
        said = self.sentences.get(text, text)
        return said.format(**values) if values else said

    def risk(self, value: float) -> str:
        """Return a probability with two decimals in the manner of statistics, never a certainty."""
        if value < VISIBLE:
            return self.say(message("under {risk}"), risk=self.decimals[1])
        if value > 1 - VISIBLE:
            return self.say(message("over {risk}"), risk=self.decimals[-2])
        return self.decimals[min(max(round(value * HUNDREDTHS), 1), HUNDREDTHS - 1)]

    def share(self, value: float) -> str:
        """Return a share in whole percents."""
        return self.percents[round(value * HUNDREDTHS)]

    def count(self, value: int) -> str:
        """Return a whole number."""
        return _counted(value, self.language)

    def figure(self, value: float, *, places: int = 3, signed: bool = False) -> str:
        """Return a number with so many decimals, with its sign where asked."""
        if self.language == FALLBACK:
            return f"{value:{'+' if signed else ''}.{places}f}"
        pattern = f"0.{'0' * places}"
        pattern = f"+{pattern};-{pattern}" if signed else pattern
        return str(format_decimal(value, pattern, locale=Locale.parse(self.language, sep="-")))

    def together(self, text: str) -> str:
        """Return numbers that are read as one, kept in their own order in a language read from right to left."""
        return text.join(self.around)

    def codes(self, codes: Iterable[str]) -> str:
        """Return codes of conditions as the API writes a set."""
        return " + ".join(codes).join(self.around)


@lru_cache(maxsize=len(SPOKEN))
def speech_in(language: str) -> Speech:
    """Return how reasons are given in a language there is a catalogue for."""
    steps = [step / HUNDREDTHS for step in range(HUNDREDTHS + 1)]
    if language == FALLBACK:
        decimals = [f"{step:.2f}".removeprefix("0") for step in steps]
        return Speech(language, {}, decimals, [f"{step:.0%}".replace("%", " %") for step in steps], ("", ""))
    locale = Locale.parse(language, sep="-")
    return Speech(
        language,
        sentences_in(CATALOGUES, language),
        [format_decimal(step, "0.00", locale=locale) for step in steps],
        [format_percent(step, locale=locale) for step in steps],
        ISOLATES if languages.direction(language) == "rtl" else ("", ""),
    )


@lru_cache(maxsize=4096)
def _counted(value: int, language: str) -> str:
    if language == FALLBACK:
        return f"{value:,}"
    return str(format_decimal(value, locale=Locale.parse(language, sep="-")))


def language_for(wanted: str | None, header: str | None) -> str:
    """Return the language somebody is answered in: the one asked for, else the best of those accepted, else English.

    >>> language_for("de-AT", "fr"), language_for(None, "xx, pt-BR;q=0.5"), language_for("xx", None)
    ('de', 'pt', 'en')
    """
    return _language_for((wanted or "")[:LONGEST], (header or "")[:LONGEST])


@lru_cache(maxsize=1024)
def _language_for(wanted: str, header: str) -> str:
    return languages.choose(SPOKEN, [wanted, *languages.accepted(header)], None)


def reason_text(told: Told, language: str = FALLBACK) -> str:
    """Return why a customer's risk is what it is, from an assessment just made or stored before.

    Parameters
    ----------
    told
        Fields of an answer: `risk`, `low`, `high`, `horizon_days`, `conditions`, `condition_sets`, `near_sets`. What
        was not told yet when an assessment was stored is passed over.
    language
        One of `SPOKEN`.
    """
    speech = speech_in(language)
    named = [one for one in told["conditions"] if told["risk"] - one["risk_without"] >= VISIBLE][:SHOWN]
    clauses = [
        speech.say(
            message("Risk {risk} [{low}, {high}] within {days} days"),
            risk=speech.risk(told["risk"]),
            low=speech.risk(told["low"]),
            high=speech.risk(told["high"]),
            days=speech.count(told["horizon_days"]),
        ),
        *_without(speech, named, any_present=bool(told["conditions"])),
    ]
    if told["condition_sets"]:
        clauses.append(_together(speech, told["condition_sets"][0], {one["code"] for one in named}))
    clauses += [_near(speech, one) for one in (told.get("near_sets") or [])[:1] if one.get("conditions")]
    return speech.say(message("; ")).join(clauses) + "."


def _without(speech: Speech, named: Sequence[Told], *, any_present: bool) -> list[str]:
    if not named:
        nothing = message("no single condition on record lowers it visibly")
        return [speech.say(nothing if any_present else message("no condition on record"))]
    first = message("for a customer like this one without {condition} {risk}")
    return [
        speech.say(
            message("without {condition} {risk}") if place else first,
            condition=speech.codes([one["code"]]),
            risk=speech.risk(one["risk_without"]),
        )
        for place, one in enumerate(named)
    ]


def _together(speech: Speech, one: Told, named: set[str]) -> str:
    members = one["conditions"]
    if len(members) in THESE and named == set(members):
        subject = speech.say(THESE[len(members)])
    elif len(members) > 1:
        subject = speech.say(message("{conditions} act together"), conditions=speech.codes(members))
    else:
        subject = speech.say(message("{condition} is known to act alone"), condition=speech.codes(members))
    return subject + _left(speech, one) + _failed(speech, one)


def _left(speech: Speech, one: Told) -> str:
    """Say how many of the customers with the whole set left, and of those who lacked one member."""
    found = one.get("departures")
    if not found or found["rate"] is None:
        return ""
    share, count = speech.share(found["rate"]), speech.count(found["customers"])
    said = speech.say(message("{customers} customers, {share} left"), customers=count, share=share)
    missing = found["rate_without_one"]
    return _in_brackets(speech, said, missing, alone=len(one["conditions"]) == 1)


def _failed(speech: Speech, one: Told) -> str:
    """Say how many of the cases with the whole set failed, and of those that lacked one member."""
    rate, customers = one.get("rate_with"), one.get("customers")
    if rate is None or customers is None:
        return ""
    text = message("{customers} customers, {share} of their cases failed")
    said = speech.say(text, customers=speech.count(customers), share=speech.share(rate))
    return _in_brackets(speech, said, one.get("rate_without_any"), alone=len(one["conditions"]) == 1)


def _in_brackets(speech: Speech, said: str, missing: float | None, *, alone: bool) -> str:
    parts = [said]
    if missing is not None:
        tail = message("{share} without it") if alone else message("{share} when one is missing")
        parts.append(speech.say(tail, share=speech.share(missing)))
    return f" ({speech.say(message('; ')).join(parts)})"


def _near(speech: Speech, one: Told) -> str:
    return speech.say(
        message("{condition} too would complete {conditions}"),
        condition=speech.codes([one["missing"]]),
        conditions=speech.codes(one["conditions"]),
    )
