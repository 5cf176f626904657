"""How well comments are led to conditions: from the first day, when only phrases and descriptions are known, on.

`PYTHONPATH=. python bench/comments.py --data FOLDER`. Airline tweets with their ten reasons, and consumer complaints
with their products and issues: split forward in time, the later part judged. A curve from no confirmed example to 300
of each condition, beside the commonest reason, phrases alone, and the best that a whole labelled set gave before.
Intervals count customers.
"""

import argparse
import csv
import gzip
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from bench.comment_data import CFPB_ISSUES, CFPB_PRODUCTS, TWEET_REASONS, Reason
from bench.figures import Figure, print_figures
from ml.comment_training import Comment, Described, as_matrix, learn_comments
from ml.text import LEARNT_FROM, CommentModel, TagScore
from models.rules.phrases import find_phrase
from models.rules.statistics import clustered_share

HELD_OUT = 0.3
CURVE = (0, 30, 100, 300)
BASELINE = 0.51
ROUNDS = 200
csv.field_size_limit(sys.maxsize)


@dataclass(frozen=True)
class Labelled:
    """A comment and the one thing it is about."""

    text: str
    customer: str
    label: str


@dataclass(frozen=True)
class Judged:
    """What was said of the later comments: of each the labels suggested, and the one likeliest."""

    suggested: Sequence[frozenset[str]]
    likeliest: Sequence[str]


def tweets(folder: Path) -> list[Labelled]:
    """Read the negative tweets with a reason, oldest first."""
    rows = _rows(folder / "tweets.csv.gz")
    told = sorted((row for row in rows if row["negativereason"]), key=lambda row: row["tweet_created"])
    return [Labelled(row["text"], row["name"], row["negativereason"]) for row in told]


def complaints(folder: Path, column: str, labels: Mapping[str, Reason]) -> list[Labelled]:
    """Read complaints with a narrative about one of some products or issues, oldest first; each is a customer's own."""
    rows = _rows(folder / "cfpb_2023.csv.gz")
    told = [row for row in rows if row["complaint_what_happened"] and row[column] in labels]
    told.sort(key=lambda row: (row["date_received"], row["complaint_id"]))
    return [Labelled(row["complaint_what_happened"], row["complaint_id"], row[column]) for row in told]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def confirmed_so_far(rows: Sequence[Labelled], of_each: int) -> list[Comment]:
    """Give the earlier comments as people left them: the newest so many of each label confirmed, the rest not seen."""
    left = Counter(dict.fromkeys({row.label for row in rows}, of_each))
    found = []
    for row in reversed(rows):
        seen = left[row.label] > 0
        left[row.label] -= seen
        found.append(Comment(row.text, row.customer, frozenset({row.label}) if seen else frozenset()))
    return found


def by_model(model: CommentModel, rows: Sequence[Labelled], otherwise: str) -> Judged:
    """Judge comments by a model."""
    scores = [model.scores(row.text) for row in rows]
    suggested = [frozenset(one.code for one in found if one.enough) for found in scores]
    return Judged(suggested, [_likeliest(model, found, otherwise) for found in scores])


def _likeliest(model: CommentModel, found: Sequence[TagScore], otherwise: str) -> str:
    # Each against its own threshold: a rare one is suggested from a lower score than a common one.
    from_ = {tag.code: tag.threshold for tag in model.tags}
    return max(found, key=lambda one: one.score / from_[one.code]).code if found else otherwise


def by_phrases(labels: Mapping[str, Reason], rows: Sequence[Labelled], otherwise: str) -> Judged:
    """Judge comments by the phrases of each label alone."""
    hits = [[code for code, reason in labels.items() if find_phrase(row.text, reason.phrases)] for row in rows]
    return Judged([frozenset(found) for found in hits], [found[0] if found else otherwise for found in hits])


def by_everything(earlier: Sequence[Labelled], rows: Sequence[Labelled]) -> list[str]:
    """Judge comments by one multinomial model of all earlier ones, labels balanced: what a whole labelled set gives."""
    model = learn_comments([Comment(row.text, row.customer) for row in earlier], [])
    size = len(model.terms)
    learner = LogisticRegression(C=1.0, class_weight="balanced", max_iter=300)
    learner.fit(as_matrix((model.vector(row.text) for row in earlier), size), [row.label for row in earlier])
    return [str(label) for label in learner.predict(as_matrix((model.vector(row.text) for row in rows), size))]


def macro_f1(rows: Sequence[Labelled], said: Sequence[str]) -> tuple[float, float, float]:
    """Give the mean of the labels' F1, with the middle 95 % of resampled customers."""
    truth, guess = np.array([row.label for row in rows]), np.array(said)
    labels = sorted(set(truth))
    by: defaultdict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        by[row.customer].append(place)
    people = list(by.values())
    random = np.random.default_rng(20_260)
    drawn = []
    for _ in range(ROUNDS):
        places = [place for one in random.integers(0, len(people), len(people)) for place in people[one]]
        drawn.append(f1_score(truth[places], guess[places], labels=labels, average="macro", zero_division=0))
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(f1_score(truth, guess, labels=labels, average="macro", zero_division=0)), float(low), float(high)


def precision(rows: Sequence[Labelled], judged: Judged) -> str:
    """Tell how many suggestions were right, and how many comments got the right one."""
    by: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    found = 0
    for row, suggested in zip(rows, judged.suggested, strict=True):
        by[row.customer][0] += row.label in suggested
        by[row.customer][1] += len(suggested)
        found += row.label in suggested
    share = clustered_share((right, all_) for right, all_ in by.values())
    right = "none" if share.value is None else f"{share.value:.2f} [{share.low:.2f}, {share.high:.2f}]"
    return f"{right} of {share.n}; finds {found / len(rows):.2f} of {len(rows)}"


def figures(name: str, rows: Sequence[Labelled], labels: Mapping[str, Reason], asked: float | None) -> Iterator[Figure]:
    """Give the curve of one data set, beside what is simpler."""
    cut = int(len(rows) * (1 - HELD_OUT))
    earlier, later = rows[:cut], rows[cut:]
    commonest = Counter(row.label for row in earlier).most_common(1)[0][0]
    yield _f1(f"{name}: the commonest always", later, [commonest] * len(later))
    phrases = by_phrases(labels, later, commonest)
    yield _f1(f"{name}: phrases alone", later, phrases.likeliest)
    yield Figure(f"{name}: phrases alone, precision", "-", precision(later, phrases), None)
    described = [Described(code, (reason.name, reason.description)) for code, reason in labels.items()]
    for of_each in (*CURVE, len(earlier)):
        begun = process_time()
        model = learn_comments(confirmed_so_far(earlier, of_each), described)
        spent = process_time() - begun
        judged = by_model(model, later, commonest)
        learnt = sum(tag.basis == "learnt" for tag in model.tags)
        shown = "all" if of_each == len(earlier) else str(of_each)
        at = f"{name}: {shown} of each confirmed"
        yield _f1(f"{at} ({learnt} learnt)", later, judged.likeliest, asked if shown == "all" else None)
        yield Figure(f"{at}, precision", "-", precision(later, judged), None)
    yield Figure(f"{name}: CPU to learn {len(earlier)} comments", "-", f"{spent:.1f} s, {len(model.terms)} terms", None)
    yield _f1(f"{name}: all, multinomial and balanced", later, by_everything(earlier, later))


def _f1(name: str, rows: Sequence[Labelled], said: Sequence[str], asked: float | None = None) -> Figure:
    value, low, high = macro_f1(rows, said)
    wanted = "-" if asked is None else f"macro-F1 about {asked} (known before)"
    # Reached where the interval does not lie below what is known.
    return Figure(name, wanted, f"{value:.3f} [{low:.3f}, {high:.3f}]", None if asked is None else high >= asked)


def all_figures(folder: Path) -> Iterator[Figure]:
    """Give every figure, each as soon as it is known."""
    if not (folder / "tweets.csv.gz").exists():
        yield Figure("comments", "-", f"no data in {folder}", None)
        return
    assert min(CURVE[1:]) == LEARNT_FROM
    yield from figures("tweets", tweets(folder), TWEET_REASONS, BASELINE)
    yield from figures("CFPB product", complaints(folder, "product", CFPB_PRODUCTS), CFPB_PRODUCTS, None)
    yield from figures("CFPB issue", complaints(folder, "issue", CFPB_ISSUES), CFPB_ISSUES, None)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    sys.exit(not print_figures(all_figures(parser.parse_args().data)))
