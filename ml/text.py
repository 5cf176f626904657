"""Comments as numbers, and how much they speak for a condition: plain Python, no learner imported.

`CommentModel` is what the registry keeps: one JSON document with the vocabulary and, of each condition, a weight for
each of its terms. It is learnt in `ml.comment_training` and used wherever comments are looked at.

References
----------
TF-IDF: Salton and Buckley (1988), with the smoothed logarithms that scikit-learn uses.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal, NamedTuple

from ml.scoring import ArtefactRefused, probability
from models.rules.phrases import fold

FORMAT = 1
KIND = "steadfast.comments"
LEARNT_FROM = 30
"""So many confirmed comments, and a condition's weights are learnt."""
LONGEST_TEXT = 20_000
"""So many characters of a comment are read; no question takes more than half of it."""
SHORTEST_PIECE, LONGEST_PIECE = 3, 5
BLOCK = math.sqrt(0.5)
"""Words and pieces of words count alike, whatever their number."""
PERSONAL = re.compile(r"\S+@\S+|https?://\S+|www\.\S+|(?<!\w)@\w+|\w*\d[\w.,:/-]*", re.IGNORECASE)
"""Addresses for mail and of sites, names with an @, and whatever has a digit in it."""
LETTERS = re.compile(r"[^\W\d_]+")

Basis = Literal["similarity", "learnt"]
Vector = dict[int, float]


class TagScore(NamedTuple):
    """How much a comment speaks for a condition: a cosine (similarity) or a probability (learnt), from 0 to 1."""

    code: str
    basis: Basis
    score: float
    enough: bool


def words_of(text: str) -> list[str]:
    """Return a comment's words, folded, without what leads to one person: addresses, names with an @, digits.

    >>> words_of("Mail me: ana@example.org! Order 4711 came TOO late @shop")
    ['mail', 'me', 'order', 'came', 'too', 'late']
    """
    return LETTERS.findall(fold(PERSONAL.sub(" ", text[:LONGEST_TEXT])))


def terms_of(text: str) -> Counter[str]:
    """Count a comment's terms: words and pairs of words (`w:`), and the pieces of 3 to 5 letters of words (`c:`).

    >>> sorted(terms_of("so so"))
    ['c: so', 'c: so ', 'c:so ', 'w:so', 'w:so so']
    """
    words = words_of(text)
    found = Counter(f"w:{word}" for word in words)
    found.update(f"w:{one} {then}" for one, then in pairwise(words))
    for word, count in Counter(words).items():
        padded = f" {word} "
        for size in range(SHORTEST_PIECE, LONGEST_PIECE + 1):
            for start in range(len(padded) - size + 1):
                found[f"c:{padded[start : start + size]}"] += count
    return found


@dataclass(frozen=True)
class Tag:
    """What a model knows of one condition.

    Parameters
    ----------
    code : str
        The condition's.
    basis : {"similarity", "learnt"}
        A unit vector to take the cosine with, or the weights of a logistic regression.
    weights : mapping of int to float
        By the term's place in the vocabulary.
    intercept : float
        Log-odds of a comment without a term; 0 for a similarity.
    threshold : float
        The score from which the condition is suggested.
    n_confirmed, n_declined : int
        Comments confirmed and declined that it was learnt from.
    """

    code: str
    basis: Basis
    weights: Mapping[int, float]
    intercept: float
    threshold: float
    n_confirmed: int
    n_declined: int


@dataclass(frozen=True)
class CommentModel:
    """A vocabulary and the conditions that comments are compared with.

    Parameters
    ----------
    terms : tuple of str
        The vocabulary, as `terms_of` names terms.
    idf : tuple of float
        The weight of each term by how rare it is, in the order of `terms`.
    tags : tuple of Tag
    n_comments, n_customers : int
        What the vocabulary was counted in.

    Raises
    ------
    ArtefactRefused
        Sizes that disagree, numbers that are not finite, a term that is not in the vocabulary.

    Examples
    --------
    >>> late = Tag("late", "similarity", {0: 1.0}, 0.0, 0.5, 0, 0)
    >>> model = CommentModel(("w:late", "w:rude"), (1.0, 1.0), (late,), 10, 8)
    >>> [(found.code, round(found.score, 2), found.enough) for found in model.scores("Late, and rude")]
    [('late', 0.71, True)]
    """

    terms: tuple[str, ...]
    idf: tuple[float, ...]
    tags: tuple[Tag, ...]
    n_comments: int
    n_customers: int
    _places: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        numbers = [*self.idf, *(one.intercept for one in self.tags), *(one.threshold for one in self.tags)]
        numbers += [weight for tag in self.tags for weight in tag.weights.values()]
        if len(self.terms) != len(self.idf) or len(set(self.terms)) != len(self.terms):
            raise ArtefactRefused("terms and their weights do not agree")
        if not all(map(math.isfinite, numbers)):
            raise ArtefactRefused("a number is not finite")
        if any(not 0 <= place < len(self.terms) for tag in self.tags for place in tag.weights):
            raise ArtefactRefused("a weight is of no term")
        object.__setattr__(self, "_places", {term: place for place, term in enumerate(self.terms)})

    def vector(self, text: str) -> Vector:
        """Return a comment's terms by their place, weighted; a unit vector, or nothing where no term is known."""
        blocks: dict[str, Vector] = {"w": {}, "c": {}}
        for term, count in terms_of(text).items():
            place = self._places.get(term)
            if place is not None:
                blocks[term[0]][place] = (1.0 + math.log(count)) * self.idf[place]
        share = BLOCK if all(blocks.values()) else 1.0
        found: Vector = {}
        for block in blocks.values():
            length = math.sqrt(sum(value * value for value in block.values()))
            found.update({place: share * value / length for place, value in block.items()})
        return dict(sorted(found.items()))

    def scores(self, text: str) -> list[TagScore]:
        """Return how much a comment speaks for each condition; nothing where it holds no known term.

        Of the conditions that are only compared by similarity at most one is `enough`: the most similar.
        """
        vector = self.vector(text)
        if not vector:
            return []
        found = [_score(tag, vector) for tag in self.tags]
        likest = max((one.score for one in found if one.basis == "similarity"), default=0.0)
        return [one._replace(enough=one.enough and (one.basis == "learnt" or one.score == likest)) for one in found]

    def to_json(self) -> str:
        """Return the model as one JSON document."""
        tags = [
            {
                "code": tag.code,
                "basis": tag.basis,
                "places": list(tag.weights),
                "weights": list(tag.weights.values()),
                "intercept": tag.intercept,
                "threshold": tag.threshold,
                "n_confirmed": tag.n_confirmed,
                "n_declined": tag.n_declined,
            }
            for tag in self.tags
        ]
        counted = {"n_comments": self.n_comments, "n_customers": self.n_customers}
        said = {"kind": KIND, "format": FORMAT, **counted, "terms": self.terms, "idf": self.idf, "tags": tags}
        return json.dumps(said, allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> "CommentModel":
        """Read what `to_json` wrote.

        Raises
        ------
        ArtefactRefused
            It is anything else.
        """
        try:
            document = json.loads(text)
            if (document.pop("kind"), document.pop("format")) != (KIND, FORMAT):
                raise ArtefactRefused("not a comment model this version can read")
            tags = tuple(_read_tag(tag) for tag in document.pop("tags"))
            terms, idf = tuple(document.pop("terms")), tuple(float(weight) for weight in document.pop("idf"))
            if not all(isinstance(term, str) for term in terms):
                raise ArtefactRefused("a term is not a text")
            return cls(terms=terms, idf=idf, tags=tags, **document)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ArtefactRefused(f"not a comment model: {type(error).__name__}") from error


def _read_tag(said: Mapping[str, Any]) -> Tag:
    own = dict(said)
    places, weights = own.pop("places"), own.pop("weights")
    if own["basis"] not in {"similarity", "learnt"}:
        raise ArtefactRefused("a basis nobody knows")
    return Tag(weights={int(place): float(weight) for place, weight in zip(places, weights, strict=True)}, **own)


def _score(tag: Tag, vector: Mapping[int, float]) -> TagScore:
    weights = tag.weights
    reached = tag.intercept + math.fsum(value * weights[place] for place, value in vector.items() if place in weights)
    score = probability(reached) if tag.basis == "learnt" else min(max(reached, 0.0), 1.0)
    return TagScore(tag.code, tag.basis, score, score >= tag.threshold)
