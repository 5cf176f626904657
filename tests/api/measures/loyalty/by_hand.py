"""What each of the forty cases counts, worked out by hand from docs/method's words and never from the code.

A mark is the week something falls into (1 to 4) and what is known: `+` it holds, `-` it does not, `?` nobody knows.
KEEP falls where the date in force does; FLOW where the customer needed it, or where it was opened if nobody knows when;
FIRST and RESTORE (told first, put back, in time) where the case was opened; contacts where they happened; permission
where the case was done for the customer. Why each is as it is stands beside the case in `forty_cases.py`.
"""

from collections import defaultdict
from collections.abc import Iterator

from models.rules.loyalty.dimensions import Part

HAND = """
case| of            | KEEP  | FLOW | FIRST | contacts | RESTORE | permission
K01 | repair north  | 1+    | 1+   | 1+    | 1+       |         | 1+
K02 | repair north  | 2+    | 2-   | 2+    | 2+       |         | 2-
K03 | repair north  | 2-    | 2+   | 2-    | 2+ 2-    |         | 2?
K04 | billing south | 1-    | 1?   | 1+    | 1?       |         | 1+
K05 | repair south  | 2+    | 2+   | 1+    | 1+       |         | 2+
K06 | billing north |       | 2-   | 1-    | 1-       | 1+-+    |
K07 | repair south  |       | 1-   | 1-    | 1+ 1-    | 1-+-    | 2-
K08 | repair south  |       | 4-   | 3-    | 3+ 4-    |         |
K09 | repair north  |       | 2-   | 1-    | 1+       |         |
K10 | repair north  |       | 3+   | 2+    | 2-       |         | 2+
K11 | repair south  |       | 1+   | 1+    | 1+       |         | 1?
K12 | billing south |       | 2-   | 2?    | 2-       |         |
K13 | repair north  |       | 2+   | 2?    | 2+       |         | 2+
K14 | billing north |       | 3+   | 3?    | 3?       |         | 3?
K15 | repair -      |       | 3-   | 3+    | 3+       |         | 3-
K16 | billing -     |       | 4-   | 3-    | 3-       |         |
K17 | repair north  |       | 1+   | 1+    | 1+       |         | 1+
K18 | billing north |       | 1+   | 1-    | 1+ 3-    |         | 1?
K19 | repair south  |       | 2-   | 2?    | 2+ 2-    | 2+++    | 2-
K20 | billing south |       | 3+   | 2+    | 2+       | 2???    | 2?
K21 | repair north  | 3-    | 3-   | 3?    | 3+ 3-    | 3---    |
K22 | billing north |       | 4+   | 4-    | 4+ 4-    | 4+++    | 4+
K23 | repair south  | 3+ 3- | 3+   | 3+    | 3+       |         | 3?
K24 | repair south  | 4+    |      | 4+    | 4+       |         |
K25 | repair north  |       | 1+   |       | 1-       |         | 1+
K26 | billing north |       |      |       |          |         | 1-
K27 | repair south  |       | 4+   | 4?    | 4?       |         | 4-
K28 | billing south |       |      |       |          |         |
K29 | repair south  | 3+    | 3+   | 2+    | 2+       |         | 3+
K30 | repair north  |       | 2+   | 2+    | 2+       |         | 2?
K31 | repair north  |       | 4+   | 4-    | 4+ 4-    |         | 4+
K32 | repair south  |       | 3+   | 3+    | 3+       |         | 3+
K33 | billing south | 3+    | 3+   | 3+    | 3-       |         | 3?
K34 | repair north  |       | 4-   | 4-    | 4-       | 4???    |
K35 | billing -     | 1-    | 1+   | 1+    | 1+       |         | 1?
K36 | repair south  | 4+    | 4+   | 4+    | 4+       |         | 4+
K37 | billing south | 4-    | 4?   | 4?    | 4-       |         | 4?
K38 | billing south |       | 3+   | 3+    | 3-       |         | 3+
K39 | repair north  |       | 4-   | 3-    | 3+       | 3+?-    |
K40 | billing south | 4+    | 4-   | 4?    | 4+       |         |
"""
# What was known of three of them before more was told: nothing of K32; of K33 neither the keeping, nor how many
# contacts, nor why it came; of K34 not that the customer says no.
EARLIER = """
K32 | repair south  |       |      |       |          |         |
K33 | billing south | 3-    | 3+   | 3?    | 3?       |         | 3?
K34 | repair north  |       | 4+   | 4+    | 4+       |         | 4+
"""
WHOSE = """
K01 C-01 K02 C-01 K03 C-02 K04 C-02 K05 C-03 K06 C-03 K07 C-04 K08 C-04 K09 C-05 K10 C-05
K11 C-06 K12 C-06 K13 C-07 K14 C-07 K15 C-08 K16 C-08 K17 C-09 K18 C-09 K19 C-10 K20 C-11
K21 C-12 K22 C-12 K23 C-13 K24 C-13 K25 C-14 K26 C-14 K27 C-15 K28 C-16 K29 C-16 K30 C-17
K31 C-17 K32 C-18 K33 C-18 K34 C-19 K35 C-19 K36 C-20 K37 C-20 K38 C-10 K39 C-11 K40 C-01
"""
# FAIR: existing customers. One in whom either is worse is not treated as well, whatever is known of the other.
FAIR = """
C-01+ C-02+ C-03- C-04+ C-05- C-06+ C-07? C-08+ C-09- C-10+ C-11+
C-12? C-13+ C-14+ C-15- C-16+ C-17+ C-18+ C-19+ C-20+ C-21+ C-22-
"""
# In all four weeks together: what holds, what is known, all there is.
TOTALS = {
    Part.KEPT: (9, 15, 15),
    Part.DONE_IN_TIME: (22, 35, 37),
    Part.FIRST_TIME: (18, 29, 37),
    Part.NOT_NEEDLESS: (26, 43, 46),
    Part.TOLD_FIRST: (4, 6, 8),
    Part.PUT_BACK: (3, 5, 8),
    Part.RESTORED_IN_TIME: (3, 6, 8),
    Part.WITHOUT_PERMISSION: (13, 19, 29),
    Part.AS_NEW: (15, 20, 22),
}
# 100 x 9/15, 22/35, 18/29, 26/43; the mean of 4/6, 3/5 and 3/6; 100 x 15/20.
VALUES = {"keep": 60.0, "flow": 62.857, "first": 62.069, "no_needless_contact": 60.465, "restore": 58.889, "fair": 75.0}
EARLIER_TOTALS = {
    # K33's promise counted as broken.
    Part.KEPT: (8, 15, 15),
    # Without K32's +; K34 counted as unchallenged.
    Part.DONE_IN_TIME: (22, 34, 36),
    # Without K32's +; K33 not known; K34 +.
    Part.FIRST_TIME: (17, 27, 36),
    # Without K32's +; K33 not known; K34 +.
    Part.NOT_NEEDLESS: (26, 41, 45),
    # Without K34, which had not failed.
    Part.TOLD_FIRST: (4, 6, 7),
    Part.PUT_BACK: (3, 5, 7),
    Part.RESTORED_IN_TIME: (3, 6, 7),
    # Without K32's +, with K34's.
    Part.WITHOUT_PERMISSION: (13, 19, 29),
    Part.AS_NEW: (15, 20, 22),
}
COLUMNS = (
    (Part.KEPT,),
    (Part.DONE_IN_TIME,),
    (Part.FIRST_TIME,),
    (Part.NOT_NEEDLESS,),
    (Part.TOLD_FIRST, Part.PUT_BACK, Part.RESTORED_IN_TIME),
    (Part.WITHOUT_PERMISSION,),
)
WEEKS = range(4)
Mark = tuple[str, str, str | None, str, int, Part, str]
"""Case, customer, team, need, week from 0, share, sign."""
Counts = dict[Part, tuple[int, int, int]]


def lines(*, earlier: bool) -> Iterator[list[str]]:
    """Yield the lines of the tables, as known now or earlier."""
    table = {line[:3]: [cell.strip() for cell in line.split("|")] for line in HAND.strip().splitlines()[1:]}
    if earlier:
        table |= {line[:3]: [cell.strip() for cell in line.split("|")] for line in EARLIER.strip().splitlines()}
    yield from table.values()


def marks(*, earlier: bool = False) -> Iterator[Mark]:
    """Yield every mark of every case, and of every customer in every week and group they have a case of."""
    words = WHOSE.split()
    whose = dict(zip(words[::2], words[1::2], strict=True))
    for reference, of, *cells in lines(earlier=earlier):
        need, team = of.split()
        for parts, cell in zip(COLUMNS, cells, strict=True):
            for mark in cell.split():
                for part, sign in zip(parts, mark[1:], strict=True):
                    group = None if team == "-" else team
                    yield reference, whose[reference], group, need, int(mark[0]) - 1, part, sign


def counted(found: Iterator[tuple[Part, str]]) -> Counts:
    """Count marks."""
    counts: defaultdict[Part, list[str]] = defaultdict(list)
    for part, sign in found:
        counts[part].append(sign)
    return {part: (signs.count("+"), len(signs) - signs.count("?"), len(signs)) for part, signs in counts.items()}


def whole(*, earlier: bool = False) -> Counts:
    """Count all four weeks together."""
    cases = ((part, sign) for *_, part, sign in marks(earlier=earlier))
    return counted(iter([*cases, *((Part.AS_NEW, sign) for sign in fair().values())]))


def by_week() -> dict[int, Counts]:
    """Count each week: every existing customer is one in each."""
    fair_signs = [(Part.AS_NEW, sign) for sign in fair().values()]
    return {week: counted(iter([*((m[5], m[6]) for m in marks() if m[4] == week), *fair_signs])) for week in WEEKS}


def by_group(place: int) -> dict[str | None, Counts]:
    """Count each need (place 3) or team (place 2); its customers are those with a case of it opened in these weeks."""
    found: dict[str | None, Counts] = {}
    for group in {mark[2] if place == 2 else mark[3] for mark in marks()}:
        own = [mark for mark in marks() if mark[place] == group]
        theirs = {mark[1] for mark in own if mark[5] is Part.FIRST_TIME}
        fair_signs = [(Part.AS_NEW, sign) for customer, sign in fair().items() if customer in theirs]
        found[group] = counted(iter([*((mark[5], mark[6]) for mark in own), *fair_signs]))
    return found


def fair() -> dict[str, str]:
    """Give the sign of every existing customer."""
    return {word[:-1]: word[-1] for word in FAIR.split()}
