"""Which of some languages somebody is answered in, and in which direction it is read."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

FALLBACK = "en"
RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ps", "sd", "syr", "ug", "ur", "yi"})


def direction(language: str) -> str:
    """Return the direction a language is read in.

    >>> direction("ar-EG"), direction("pt")
    ('rtl', 'ltr')
    """
    return "rtl" if language.partition("-")[0].lower() in RIGHT_TO_LEFT else "ltr"


def languages_of(questions: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the languages every question is worded in, then those only some are."""
    counts: dict[str, int] = {}
    for question in questions:
        for language in question.get("texts") or {}:
            counts[language] = counts.get(language, 0) + 1
    return sorted(counts, key=lambda language: -counts[language])


def choose(offered: Sequence[str], wanted: Iterable[str | None], default: str | None) -> str:
    """Return the first wanted language that is offered, exactly or by its base; else the default.

    >>> choose(["en", "pt"], ["de", "pt-BR"], None), choose(["en", "pt"], [None], "pt"), choose(["pt"], [], None)
    ('pt', 'pt', 'pt')
    """
    for language in wanted:
        found = _matching(language, offered) if language else None
        if found is not None:
            return found
    for language in (default, FALLBACK):
        if language in offered:
            return str(language)
    return offered[0] if offered else FALLBACK


def text_in(texts: Mapping[str, str] | None, language: str, default: str | None = None) -> str:
    """Return a text in a language, else in the nearest there is.

    >>> text_in({"en": "Thanks", "pt": "Obrigado"}, "pt-BR")
    'Obrigado'
    """
    if not texts:
        return ""
    return texts[choose(list(texts), [language], default)]


def accepted(header: str) -> list[str]:
    """Return the languages of an Accept-Language header, best first.

    >>> accepted("pt-BR,pt;q=0.9,en;q=0.8,*;q=0.1")
    ['pt-BR', 'pt', 'en']
    """
    weighed: list[tuple[float, str]] = []
    for part in header.split(",")[:20]:
        language, _, quality = part.strip().partition(";q=")
        try:
            weighed.append((float(quality or 1), language.strip()))
        except ValueError:
            continue
    ordered = sorted(weighed, key=lambda pair: -pair[0])
    return [language for weight, language in ordered if weight > 0 and language not in {"", "*"}]


def _matching(language: str, offered: Sequence[str]) -> str | None:
    plain = {other.lower(): other for other in offered}
    parts = language.lower().split("-")
    for length in range(len(parts), 0, -1):
        found = plain.get("-".join(parts[:length]))
        if found is not None:
            return found
    return next((other for lower, other in plain.items() if lower.partition("-")[0] == parts[0]), None)
