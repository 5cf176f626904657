"""Role proposals and the support owed to them: who may say what next, and by when an answer is owed.

A manager owes support; the clock runs on the manager's answer. An answer overdue is *a promise not kept*
to the author, shown as such and never counted by manager. A no may become a yes; a yes is not taken back.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

from models.rules.values import day_span, local_day

ANSWER_WORKING_DAYS = 10
_WORKING_WEEK = 5


class ProposalStatus(StrEnum):
    """Where a role proposal stands."""

    OFFERED = "offered"
    SUPPORTED = "supported"
    SUPPORT_CHANGED = "support_changed"
    ASKED = "asked"
    TAKEN_TO = "taken_to"
    SET_ASIDE = "set_aside"
    TRYING = "trying"
    ADOPTED = "adopted"
    WITHDRAWN = "withdrawn"


class Verdict(StrEnum):
    """What a manager can answer."""

    SUPPORT = "support"
    SUPPORT_CHANGED = "support_changed"
    ASK = "ask"
    TAKEN_TO = "taken_to"
    SET_ASIDE = "set_aside"


class Step(StrEnum):
    """What the author does: reply to a question, try what was supported, adopt what was tried, withdraw."""

    REPLY = "reply"
    TRY = "try"
    ADOPT = "adopt"
    WITHDRAW = "withdraw"


_STATUS_AFTER: Mapping[Verdict, ProposalStatus] = MappingProxyType(
    {
        Verdict.SUPPORT: ProposalStatus.SUPPORTED,
        Verdict.SUPPORT_CHANGED: ProposalStatus.SUPPORT_CHANGED,
        Verdict.ASK: ProposalStatus.ASKED,
        Verdict.TAKEN_TO: ProposalStatus.TAKEN_TO,
        Verdict.SET_ASIDE: ProposalStatus.SET_ASIDE,
    }
)
_UNANSWERED = frozenset({ProposalStatus.OFFERED, ProposalStatus.ASKED, ProposalStatus.TAKEN_TO})
_YES = frozenset({Verdict.SUPPORT, Verdict.SUPPORT_CHANGED})
_STEPS: Mapping[Step, tuple[frozenset[ProposalStatus], ProposalStatus]] = MappingProxyType(
    {
        Step.REPLY: (frozenset({ProposalStatus.ASKED}), ProposalStatus.OFFERED),
        Step.TRY: (
            frozenset({ProposalStatus.SUPPORTED, ProposalStatus.SUPPORT_CHANGED}),
            ProposalStatus.TRYING,
        ),
        Step.ADOPT: (frozenset({ProposalStatus.TRYING}), ProposalStatus.ADOPTED),
        Step.WITHDRAW: (
            frozenset(ProposalStatus) - {ProposalStatus.ADOPTED, ProposalStatus.WITHDRAWN},
            ProposalStatus.WITHDRAWN,
        ),
    }
)


class AnswerRefused(ValueError):  # noqa: N818 - a refusal, named as the contract names refusals
    """An answer or a step that the proposal's status does not allow.

    Parameters
    ----------
    code : str
        Stable: unknown_status, unknown_verdict, unknown_step, not_answerable, reason_missing,
        by_when_missing, step_not_possible.
    detail : str
        A sentence for a person.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def answer(status: str, verdict: str, reason: str | None, by_when: date | None) -> ProposalStatus:
    """Give a manager's answer to a role proposal.

    Parameters
    ----------
    status : str
        Where the proposal stands.
    verdict : str
        A `Verdict`.
    reason : str | None
        Why; required to set a proposal aside.
    by_when : date | None
        Until when; required with `taken_to`, since handing a proposal on without a date is silence.

    Returns
    -------
    ProposalStatus
        Where the proposal stands after it.

    Raises
    ------
    AnswerRefused
        Where the status takes no such answer, or a reason or date is owed with it.

    Examples
    --------
    >>> answer("offered", "support", None, None).value
    'supported'
    """
    now, said = _status(status), _verdict(verdict)
    if now not in _UNANSWERED and not (now is ProposalStatus.SET_ASIDE and said in _YES):
        raise AnswerRefused("not_answerable", f"A proposal that is {now} does not take the answer {said}.")
    if said is Verdict.SET_ASIDE and not (reason or "").strip():
        raise AnswerRefused("reason_missing", "A proposal is set aside with a reason, or not at all.")
    if said is Verdict.TAKEN_TO and by_when is None:
        raise AnswerRefused("by_when_missing", "A proposal is taken to somebody by a date.")
    return _STATUS_AFTER[said]


def take_step(status: str, step: str) -> ProposalStatus:
    """Take one of the author's steps.

    Parameters
    ----------
    status : str
        Where the proposal stands.
    step : str
        A `Step`.

    Returns
    -------
    ProposalStatus
        Where the proposal stands after it. A reply puts it before the manager again.

    Raises
    ------
    AnswerRefused
        Where the status does not allow the step.

    Examples
    --------
    >>> take_step("supported", "try").value
    'trying'
    """
    now = _status(status)
    if step not in set(Step):
        raise AnswerRefused("unknown_step", f"A step is one of {', '.join(Step)}.")
    allowed, after = _STEPS[Step(step)]
    if now not in allowed:
        raise AnswerRefused("step_not_possible", f"A proposal that is {now} does not take the step {step}.")
    return after


def owed_since(status: str, offered_us: int, replied_us: int | None = None) -> int | None:
    """Tell since when an answer is owed.

    Parameters
    ----------
    status : str
        Where the proposal stands.
    offered_us : int
        When it was offered, UTC microseconds.
    replied_us : int | None
        When the author last replied to a question, if ever.

    Returns
    -------
    int | None
        None where none is owed: it was answered or withdrawn, or the author has a question to reply to.
        A proposal taken to somebody else is still owed its answer.
    """
    if _status(status) not in {ProposalStatus.OFFERED, ProposalStatus.TAKEN_TO}:
        return None
    return offered_us if replied_us is None else replied_us


def owed_due(since_us: int, zone: str, by_when: date | None = None, *, working_days: int = ANSWER_WORKING_DAYS) -> int:
    """Give the last instant at which the answer is in time.

    Parameters
    ----------
    since_us : int
        Since when it is owed, UTC microseconds.
    zone : str
        The workspace's IANA zone.
    by_when : date | None
        The day a manager gave, if one did.
    working_days : int
        The workspace's due rule: so many working days after the day it has been owed since.

    Returns
    -------
    int
        UTC microseconds: the end of that local day, else of the last of those working days.
        Monday to Friday are working days; public holidays are not known here.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from models.rules.values import from_micros, micros
    >>> offered = micros(datetime(2026, 5, 6, 9, tzinfo=UTC))  # a Wednesday
    >>> from_micros(owed_due(offered, "UTC")).strftime("%A %d %B %H:%M")
    'Wednesday 20 May 23:59'
    """
    day = by_when
    if day is None:
        day = local_day(since_us, zone)
        left = working_days
        while left:
            day += timedelta(days=1)
            left -= day.weekday() < _WORKING_WEEK
    return day_span(day, zone)[1]


def is_overdue(status: str, due_us: int, now_us: int) -> bool:
    """Say whether an answer is a promise not kept.

    Parameters
    ----------
    status : str
        Where the proposal stands.
    due_us, now_us : int
        The last instant in time, and now; UTC microseconds.

    Returns
    -------
    bool
        True where an answer is still owed and its due has passed.
    """
    return owed_since(status, due_us) is not None and now_us > due_us


def _status(status: str) -> ProposalStatus:
    if status not in set(ProposalStatus):
        raise AnswerRefused("unknown_status", f"A status is one of {', '.join(ProposalStatus)}.")
    return ProposalStatus(status)


def _verdict(verdict: str) -> Verdict:
    if verdict not in set(Verdict):
        raise AnswerRefused("unknown_verdict", f"A verdict is one of {', '.join(Verdict)}.")
    return Verdict(verdict)
