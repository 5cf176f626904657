"""A parent that only a child has named: a stub, until it is reported itself."""

from collections.abc import Mapping
from typing import Any

STUB = "stub"


def complete_stub(_before: Mapping[str, Any], after: dict[str, Any], change: Mapping[str, Any]) -> None:
    """Let a record be a stub only as long as nobody has reported it.

    Parameters
    ----------
    after
        The record after the change, completed in place: whatever is reported of a stub makes it a record like others.
    change
        The fields the change gives.

    Examples
    --------
    >>> after = {"name": "Ana", "stub": True}
    >>> complete_stub({"stub": True}, after, {"name": "Ana"})
    >>> after
    {'name': 'Ana', 'stub': None}
    """
    after[STUB] = change.get(STUB)
