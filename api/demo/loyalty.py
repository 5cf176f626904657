"""What the synthetic company's loyalty shows in: when things were needed, what was put right, how it felt.

Each is drawn from its own customer or case, so that the rest of the story stays the same whatever is told here.
"""

import random
from datetime import datetime, timedelta
from typing import Any

Row = dict[str, Any]
AS_NEW, TOLD_FIRST, PUT_BACK = 0.7, 0.35, 0.6
RESTORE_DAYS = 7
FELT = {False: (2, 3, 3, 4, 4), True: (0, 0, 1, 2)}
"""How often it was so, from never (0) to always (4): by whether the case had failed its customer."""
ITEMS, SHOWN = range(2, 8), 2


def _chance(about: str, what: str) -> random.Random:
    return random.Random(f"{about} {what}")  # noqa: S311 - a story, not a secret


def terms(customer: str) -> Row:
    """Return whether a customer who stays has terms, and waits, no worse than a new one."""
    chance = _chance(customer, "terms")
    return {"terms_as_new": chance.random() < AS_NEW, "waiting_as_new": chance.random() < AS_NEW}


def needed_by(case: str, opened: datetime) -> datetime:
    """Return by when the customer needed it done."""
    return opened + timedelta(days=_chance(case, "needed").uniform(3, 9))


def restored(case: str, known: datetime, now: datetime) -> tuple[Row, datetime]:
    """Return what was done about a failure since it was known, and when that was told."""
    chance = _chance(case, "restored")
    row: Row = {"told_first": chance.random() < TOLD_FIRST, "restore_due_at": known + timedelta(days=RESTORE_DAYS)}
    at = known + timedelta(days=chance.uniform(1, 2 * RESTORE_DAYS))
    if at >= now:
        return row, known
    return {**row, "put_back": chance.random() < PUT_BACK, "restored_at": at}, at


def felt(case: str, *, failed: bool) -> Row:
    """Return the answers to the items put to this customer: the first, and two of the others."""
    chance = _chance(case, "felt")
    items = [1, *chance.sample(ITEMS, SHOWN)]
    return {f"felt_{item}": chance.choice(FELT[failed]) for item in items}
