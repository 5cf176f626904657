"""When those who open a mail's links are a machine: it opens them all, one after the other, faster than anybody reads.

A mail with a link for each score is read by scanners that follow every one. A person chooses one; somebody who slipped
comes back to the mail and chooses another, which takes seconds.
"""

from collections.abc import Sequence

AT_ONCE = 3.0
"""Seconds within which nobody comes back to a mail and opens another of its links."""
IN_A_ROW = 30.0
"""Seconds within which nobody changes their mind twice."""
MANY = 3


def is_scanned(openings: Sequence[tuple[float, str]]) -> bool:
    """Return whether the links of one mail were opened by a machine.

    Parameters
    ----------
    openings
        When a link was opened, in seconds of any one clock, and for which score; in order.

    Notes
    -----
    Two different scores within 3 seconds, or three within 30. The same score again says nothing: pages are loaded
    anew, and some programs look at a link before they open it.

    Examples
    --------
    >>> is_scanned([(0.0, "1"), (0.2, "2")]), is_scanned([(0.0, "3"), (8.0, "4")]), is_scanned([(0.0, "4"), (0.1, "4")])
    (True, False, False)
    """
    for place, (moment, score) in enumerate(openings):
        before = [(then, other) for then, other in openings[:place] if moment - then <= IN_A_ROW]
        others = {other for _, other in before} - {score}
        if len(others) + 1 >= MANY or any(moment - then <= AT_ONCE and other != score for then, other in before):
            return True
    return False
