"""What is wrong with an answer, said beside its field: each code of a misfit is a sentence with its values."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from api.pages.chrome import Chrome, message
from models.rules.answers import LONGEST_TEXT, SCALES, Misfit, Question, scale_of

EXAMPLE = 12.5
OTHERWISE = message("This cannot be taken as it is.")


def complaint(chrome: Chrome, question: Question, misfit: Misfit, typed: Any = None) -> str:
    """Return what to do about an answer that does not fit its question.

    Parameters
    ----------
    chrome
        The language it is said in.
    question
        What was asked.
    misfit
        What is wrong.
    typed
        The answer as it was read.
    """
    if misfit.code == "consent_needed":
        return chrome.say(message("Without this consent your answer cannot be taken."))
    if misfit.code == "required":
        rows = message("Every row of this question needs an answer.")
        return chrome.say(rows if isinstance(typed, dict) and typed else message("This question needs an answer."))
    said = BY_KIND.get(question["kind"])
    return chrome.say(OTHERWISE) if said is None else said(chrome, question, misfit, typed)


def _scale(chrome: Chrome, question: Question, _misfit: Misfit, _typed: Any) -> str:
    low, high = scale_of(question)
    return chrome.say(message("Choose a whole number from {low} to {high}."), low=low, high=high)


def _number(chrome: Chrome, question: Question, misfit: Misfit, _typed: Any) -> str:
    if misfit.code == "wrong_type":
        return chrome.say(message("Write a number, like {example}."), example=EXAMPLE)
    return bounds(chrome, question) or chrome.say(message("This number is too large."))


def bounds(chrome: Chrome, question: Question) -> str:
    """Return between which ends a number is asked for; empty where it has none."""
    low, high = question.get("min"), question.get("max")
    if low is not None and high is not None:
        return chrome.say(message("A number from {low} to {high}."), low=low, high=high)
    if low is not None:
        return chrome.say(message("A number of at least {low}."), low=low)
    return "" if high is None else chrome.say(message("A number of at most {high}."), high=high)


def _text(chrome: Chrome, question: Question, misfit: Misfit, typed: Any) -> str:
    if misfit.code != "too_long":
        return chrome.say(OTHERWISE)
    sentence = message("Write at most {most} characters; these are {written}.")
    return chrome.say(sentence, most=question.get("max_length", LONGEST_TEXT), written=len(typed or ""))


def _day(chrome: Chrome, _question: Question, _misfit: Misfit, _typed: Any) -> str:
    return chrome.say(message("Write a day like {day}."), day=date(2026, 5, 4).isoformat())


def _one(chrome: Chrome, _question: Question, _misfit: Misfit, _typed: Any) -> str:
    return chrome.say(message("Choose one of the answers shown."))


def _some(chrome: Chrome, _question: Question, _misfit: Misfit, _typed: Any) -> str:
    return chrome.say(message("Choose from the answers shown, each once."))


def _places(chrome: Chrome, _question: Question, _misfit: Misfit, _typed: Any) -> str:
    return chrome.say(message("Give each place to one answer only."))


def _rows(chrome: Chrome, _question: Question, _misfit: Misfit, _typed: Any) -> str:
    return chrome.say(message("Choose one of the answers shown in each row."))


BY_KIND: Mapping[str, Callable[[Chrome, Question, Misfit, Any], str]] = {
    **dict.fromkeys(SCALES, _scale),
    "number": _number,
    "text": _text,
    "date": _day,
    "choice": _one,
    "yes_no": _one,
    "consent": _one,
    "choices": _some,
    "ranking": _places,
    "matrix": _rows,
}
