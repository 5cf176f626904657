"""From forms and counts to what is kept: Felt with its reliability, who answered, and the windows the Gap compares."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from api.measures.loyalty.felt.queries import ITEMS
from ml.felt.consistency import Estimate
from ml.felt.pairs import PairSums, pair_sums
from ml.felt.responders import Compared, Fact, compare_facts, poststratified, weigh
from ml.felt.scale import LEAST_FORMS, LEAST_OMEGA, Scale, Why, felt_scale, item_means
from models.ids import in_order
from models.rules.loyalty.dimensions import Part
from models.rules.loyalty.gap import MATCHED, Counts, dimension_among

Row = Mapping[Any, Any]
Found = dict[str, Any]
STEPS = {str(step): float(step) for step in range(5)}
POINTS = 25.0
LEAST_NAMED = 10
"""A segment or a need is named where so many customers have it: below, its name may be about somebody."""
MOST_NAMED = 10
SHARES = (Part.KEPT, Part.DONE_IN_TIME, Part.FIRST_TIME)
WENT = (Part.KEPT, Part.DONE_IN_TIME)


def figures(
    forms: Sequence[Row], counts: Mapping[UUID, Counts], cases: Sequence[Row], failed: Collection[UUID] | None
) -> Found:
    """Return Felt of some forms, as `felt_schemas.FeltAnswer` tells it, without its window.

    Parameters
    ----------
    forms
        See `felt_queries.forms`.
    counts
        Of each customer what was counted by share in the same window.
    cases
        Those of the customers served: see `felt_queries.served`.
    failed
        Which of those failed by their facts; None where only customers can say so.
    """
    answers = _answers(forms)
    scale = felt_scale(answers, [_whose(form) for form in forms])
    unproved = sum(form["unproved"] for form, row in zip(forms, answers, strict=True) if _says(row))
    known = _known(forms, answers)
    # The newest case of a customer says what they needed.
    newest = {row["whose"]: row for row in cases}
    return {
        **_told(scale, unproved),
        "non_response": {
            **_compared(newest, known.customers, counts, _failures(cases, failed)),
            "not_compared": scale.respondents - sum(customer in newest for customer in known.customers),
            "left_out": ["failed"] if failed is None else [],
        },
        "poststratified": _poststratified(newest, known, counts, published=scale.why is None),
    }


def gap(
    forms_before: Sequence[Row],
    counts_before: Mapping[UUID, Counts],
    forms: Sequence[Row],
    counts: Mapping[UUID, Counts],
) -> list[Any]:
    """Return of each matched item what facts and customers said in two windows: all, and responders' cases alone."""
    before, now = _sides(forms_before, counts_before), _sides(forms, counts)
    return [
        {"dimension": dimension.value, "item": item, "before": before[dimension, item], "now": now[dimension, item]}
        for dimension, item in MATCHED
    ]


def _sides(forms: Sequence[Row], counts: Mapping[UUID, Counts]) -> Mapping[Any, Found]:
    answers = _answers(forms)
    items = item_means(answers, [_whose(form) for form in forms])
    responders = {customer: counts[customer] for customer in _known(forms, answers).customers if customer in counts}
    found: dict[Any, Found] = {}
    for dimension, item in MATCHED:
        mean = items[ITEMS.index(item)].mean
        felt = Estimate(*(None if each is None else POINTS * each for each in (mean.value, mean.low, mean.high)))
        among = {"all": counts, "responders": responders}
        sides = {name: dimension_among(dimension, list(own.values())) for name, own in among.items()}
        told = {name: _figure(Estimate(side.value, side.low, side.high)) for name, side in sides.items()}
        found[dimension, item] = {**told, "felt": _figure(felt)}
    return found


def _figure(estimate: Estimate) -> Found | None:
    return None if estimate.value is None else asdict(estimate)


def _answers(forms: Sequence[Row]) -> NDArray[np.float64]:
    """Return the answers, NaN for what was not asked, not answered, *can't say*, or no answer on the scale."""
    rows = [[STEPS.get(form.get(item, ""), np.nan) for item in ITEMS] for form in forms]
    return np.array(rows, dtype=np.float64).reshape(len(forms), len(ITEMS))


def _says(row: NDArray[np.float64]) -> bool:
    return bool(np.isfinite(row).any())


def _whose(form: Row) -> str:
    """Return whose a form is: the customer's, the one's somebody named, or nobody else's."""
    if form["customer_id"] is not None:
        return f"customer {form['customer_id'].hex}"
    return f"form {form['id'].hex}" if form["claimed"] is None else f"claimed {form['claimed']}"


@dataclass(frozen=True)
class _Known:
    """Customers who proved to be one and answered an item, and what each of them answered."""

    customers: Sequence[UUID]
    sums: PairSums


def _known(forms: Sequence[Row], answers: NDArray[np.float64]) -> _Known:
    """Return who is known to have answered; what is claimed never joins facts."""
    whose = {
        place: form["customer_id"]
        for place, form in enumerate(forms)
        if form["customer_id"] is not None and not form["unproved"] and _says(answers[place])
    }
    customers = in_order(set(whose.values()))
    number = {customer: place for place, customer in enumerate(customers)}
    return _Known(
        customers,
        pair_sums(answers[np.array(list(whose), dtype=np.intp)], [number[customer] for customer in whose.values()]),
    )


def _told(scale: Scale, unproved: int) -> Found:
    """Return what the items say together; without a figure that is not published."""
    found = scale.consistency
    felt = scale.felt if scale.why is None else Estimate(None, scale.felt.low, scale.felt.high)
    return {
        **asdict(felt),
        "n": scale.forms,
        "customers": scale.respondents,
        "unproved": unproved,
        "items": [
            {"key": key, **_of_item(item.mean), "n": item.n, "customers": item.respondents}
            for key, item in zip(ITEMS, scale.items, strict=True)
        ],
        "fewest_pair": {
            "items": [ITEMS[place] for place in scale.fewest_of],
            "forms": scale.fewest,
            "needed": LEAST_FORMS,
        },
        "omega": asdict(found.omega),
        "alpha": asdict(found.alpha),
        "heywood": [ITEMS[place] for place in found.heywood],
        "smoothed": found.smoothed,
        "converged": found.converged,
        "draws": found.draws,
        "published": scale.why is None,
        "why_not": None if scale.why is None else scale.why.value,
        "detail": _said(scale),
    }


def _of_item(mean: Estimate) -> Found:
    return {"mean": mean.value, "low": mean.low, "high": mean.high}


def _said(scale: Scale) -> str:
    """Say in a sentence how far Felt can be believed."""
    omega = scale.consistency.omega.value
    about = " and ".join(ITEMS[place] for place in scale.about)
    if scale.why is None:
        return f"Felt stands on {scale.forms} forms of {scale.respondents} customers; omega is {omega:.2f}."
    return {
        Why.NO_ANSWER: "Nobody answered a felt item in this time.",
        Why.ITEM_UNANSWERED: f"Nobody answered {about}: Felt is the mean of all seven items.",
        Why.TOO_FEW_PAIRS: (
            f"{about} were answered together on {scale.fewest} forms. Every two items need {LEAST_FORMS}, which takes "
            "about 1500 forms."
        ),
        Why.CONSTANT_ITEM: f"All answers to {about} are alike: whether the items measure one thing cannot be told.",
        Why.UNRELIABLE: f"Omega is {omega or 0:.2f}: below {LEAST_OMEGA} the items are not one figure.",
    }[scale.why]


def _failures(cases: Sequence[Row], failed: Collection[UUID] | None) -> Mapping[UUID, tuple[int, int]] | None:
    """Return of each customer how many cases of the window failed, of how many; None where nobody can say."""
    if failed is None:
        return None
    found: dict[UUID, tuple[int, int]] = {}
    for row in cases:
        if row["in_window"]:
            k, m = found.get(row["whose"], (0, 0))
            found[row["whose"]] = (k + (row["id"] in failed), m + 1)
    return found


def _compared(
    newest: Mapping[UUID, Row],
    responders: Collection[UUID],
    counts: Mapping[UUID, Counts],
    failures: Mapping[UUID, tuple[int, int]] | None,
) -> Found:
    """Compare who answered with all customers served."""
    customers, answered = in_order(newest), frozenset(responders)
    shares = [(part.value, [counts.get(each, {}).get(part, (0, 0, 0)) for each in customers]) for part in SHARES]
    if failures is not None:
        shares.append(("failed", [(*failures.get(each, (0, 0)), 0) for each in customers]))
    facts = [Fact(name, None, [own[0] for own in counted], [own[1] for own in counted]) for name, counted in shares]
    for name in ("segment", "need"):
        facts += _named(name, [newest[each][name] for each in customers])
    responds = [each in answered for each in customers]
    return {
        "customers": len(customers),
        "responders": sum(responds),
        "facts": [_fact(one) for one in compare_facts(facts, responds)],
    }


def _named(name: str, values: Sequence[str | None]) -> list[Fact]:
    """Return the share of each value that enough customers have, the most common first."""
    known = [int(value is not None) for value in values]
    common = Counter(value for value in values if value is not None)
    told = sorted((-many, value) for value, many in common.items() if many >= LEAST_NAMED)[:MOST_NAMED]
    return [Fact(name, value, [int(each == value) for each in values], known) for _, value in told]


def _fact(one: Compared) -> Found:
    found = asdict(one)
    return {"fact": found.pop("name"), **found}


def _poststratified(
    newest: Mapping[UUID, Row], known: _Known, counts: Mapping[UUID, Counts], *, published: bool
) -> Found | None:
    """Return Felt as if all sorts of customers had answered alike often; None where no responder is one of those."""
    customers = in_order(newest)
    places = [place for place, customer in enumerate(known.customers) if customer in newest]
    if not places:
        return None
    answered = frozenset(known.customers)
    strata = [f"{_went(counts.get(each, {}))} {newest[each]['segment'] or ''}" for each in customers]
    weighed = weigh(strata, [each in answered for each in customers])
    found = poststratified(known.sums.of(places), weighed)
    return {
        **asdict(found),
        "value": found.value if published else None,
        "responders": len(places),
        "strata": weighed.count,
        "joined": weighed.joined,
        "largest_weight": weighed.largest,
    }


def _went(own: Counts) -> str:
    """Return how it went for a customer as far as records tell: a promise broken, a case late, neither, or unknown."""
    counted = [own[part] for part in WENT if part in own]
    if any(k < m for k, m, _ in counted):
        return "badly"
    return "well" if any(m for _, m, _ in counted) else "unknown"
