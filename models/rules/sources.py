"""What can be told of a case, and which rules have to look again after it."""

from enum import StrEnum

_PROMISED = frozenset({"promise_broken", "due_passed", "hours_late"})


class Source(StrEnum):
    """What was told of a case, and so which facts about it may be others now."""

    CASE = "case"
    PROMISE = "promise"
    ANSWER = "answer"

    def feeds(self, reads: frozenset[str]) -> bool:
        """Say whether any of the fields a rule reads comes from such a record.

        Parameters
        ----------
        reads : frozenset[str]
            `Rule.reads`.

        Returns
        -------
        bool
            Always for what is told of the case itself: without it nothing is known.

        Examples
        --------
        >>> Source.PROMISE.feeds(frozenset({"promise_broken"})), Source.ANSWER.feeds(frozenset({"promise_broken"}))
        (True, False)
        """
        if self is Source.PROMISE:
            return not _PROMISED.isdisjoint(reads)
        return self is Source.CASE or any(name.startswith("answers.") for name in reads)
