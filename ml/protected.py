"""Traits of people that never enter a risk, under whatever name they come. The standard library only."""

from collections.abc import Collection

PROTECTED_ATTRIBUTES = frozenset(
    {
        "age",
        "birth_date",
        "date_of_birth",
        "disability",
        "ethnicity",
        "gender",
        "health",
        "marital_status",
        "nationality",
        "political_opinion",
        "pregnancy",
        "race",
        "religion",
        "sex",
        "sexual_orientation",
        "trade_union",
    }
)


def is_protected(name: str, more: Collection[str] = ()) -> bool:
    """Return whether a name is that of a protected trait.

    Parameters
    ----------
    name : str
        Of an attribute, a feature (``seen:gender``, ``attribute:gender=f``), a condition, or a field that a rule reads
        (``answers.gender``): before a level the part after the last colon and point counts, whatever its case, hyphens
        and spaces.
    more : collection of str
        Names that are protected beside `PROTECTED_ATTRIBUTES`.

    Examples
    --------
    >>> [is_protected(name) for name in ("attributes.Marital-Status", "seen:gender", "attributes.machine_age")]
    [True, True, False]
    >>> is_protected("attribute:gender=f.x")
    True
    >>> is_protected("seen:woman", {"woman"})
    True
    """
    plain = (
        name.partition("=")[0].rpartition(":")[2].rpartition(".")[2].strip().lower().replace("-", "_").replace(" ", "_")
    )
    return plain in PROTECTED_ATTRIBUTES or plain in more
