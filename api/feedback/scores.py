"""Links that answer a survey's first question with one press: for a mail that shows its scale.

Opening one records nothing: the page that opens has the score chosen and asks for one more press.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from api.bodies import Answer
from models.rules.answers import SCALES, scale_of


class ScoreUrl(Answer):
    """A link that chooses one value of a survey's first question before anything is sent."""

    value: int
    url: str


def score_urls(url: str, questions: Sequence[Mapping[str, Any]]) -> list[ScoreUrl]:
    """Return a link for each value of the first question, if that is a scale; none where it is not.

    >>> [one.url for one in score_urls("https://x.example/i/t", [{"key": "mood", "kind": "csat"}])][:2]
    ['https://x.example/i/t?score=1', 'https://x.example/i/t?score=2']
    """
    first = questions[0]
    if first["kind"] not in SCALES:
        return []
    low, high = scale_of(first)
    sign = "&" if "?" in url else "?"
    return [ScoreUrl(value=value, url=f"{url}{sign}score={value}") for value in range(low, high + 1)]
