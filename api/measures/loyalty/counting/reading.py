"""What a question is counted from, each table read once a statement, however many shares are counted in it.

A case, a contact and an answer are read as they stood. Statements made of one `Reading` share what was read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import CTE, FromClause, String, Subquery, and_, case, cast, null, select

from api import kinds
from api.measures.answers import Place, among, as_they_stood, said_in
from api.measures.loyalty.asking import By, Question
from api.measures.loyalty.counting.columns import Column, apart, us

MOMENTS = {
    "opened_at": "opened_us",
    "needed_by": "needed_us",
    "done_at": "done_us",
    "restored_at": "restored_us",
    "restore_due_at": "restore_due_us",
}
WANTED_US = ("new_need",)
FAILED_US = ("went_wrong", "chasing", "unclear")
"""What customers say who had to get in touch because something had failed them: failure demand (Seddon 1992)."""
ALWAYS = ("customer_id", "need", "team", "channel", "opened_at")


@dataclass(frozen=True)
class Reading:
    """Cases, contacts and answers of one question, as one statement reads them.

    Parameters
    ----------
    asked
    names
        What is read of a case beside its customer, need and opening.
    """

    asked: Question
    names: Sequence[str] = ()

    @cached_property
    def cases(self) -> CTE:
        """Cases that were reported, not withdrawn, each with `grp`: what they are told apart by.

        Always there are `id`, `whose` (the customer), `need` and `opened_us`.
        """
        columns = dict.fromkeys((*ALWAYS, *self.names))
        told = as_they_stood(kinds.CASE, self.asked, *columns, "voided", called="cases_told")
        group, rows = grouped(self.asked, told, told.c.customer_id)
        kept = dict.fromkeys(("need", "opened_at", *self.names))
        read = [us(told.c[name]).label(MOMENTS[name]) if name in MOMENTS else told.c[name] for name in kept]
        statement = select(told.c.id, told.c.customer_id.label("whose"), group.label("grp"), *read).select_from(rows)
        return apart(statement.where(told.c.voided.is_(False), told.c.opened_at.is_not(None)), "cases_read")

    @cached_property
    def contacts(self) -> CTE:
        """Contacts, not withdrawn: `id`, `case_id`, `happened_us`, `demand`, `team`, `channel`."""
        names = ("case_id", "happened_at", "demand", "team", "channel")
        told = as_they_stood(kinds.INTERACTION, self.asked, *names, "voided", called="contacts_told")
        kept = [told.c[name] for name in ("id", "case_id", "demand", "team", "channel")]
        statement = select(*kept, us(told.c.happened_at).label("happened_us"))
        return apart(statement.where(told.c.voided.is_(False)), "contacts_read")

    @cached_property
    def answers(self) -> CTE:
        """Responses about cases, not withdrawn: `case_id`, `said_us`, `failure`, `met` and `reason`.

        `met` and `reason` are what was answered to whether the need was met and why the customer got in touch, in
        complete answers whose case is proved; null where nothing was.
        """
        names = ("survey_id", "survey_version", "case_id", "claimed_customer", "claimed_case", "answers", "complete")
        told = as_they_stood(kinds.RESPONSE, self.asked, *names, "answered_at", "failure", "voided", called="said")
        column = told.c
        counts = and_(column.complete.is_(True), column.claimed_customer.is_(None), column.claimed_case.is_(None))
        statement = select(
            column.case_id,
            us(column.answered_at).label("said_us"),
            column.failure,
            _said(self.asked.needs_met, told, counts).label("met"),
            _said(self.asked.reasons, told, counts).label("reason"),
        )
        return apart(statement.where(column.voided.is_(False), column.case_id.is_not(None)), "answers_read")

    @cached_property
    def reasons(self) -> CTE:
        """Answers that say why the customer got in touch: something else than was offered to choose says nothing."""
        said = self.answers.c
        telling = said.reason.in_((*WANTED_US, *FAILED_US))
        return apart(select(said.case_id, said.said_us, said.reason).where(telling), "reasons")


def grouped(asked: Question, told: Subquery | CTE, whose: Column) -> tuple[Column, FromClause]:
    """Return what tells rows apart, and the rows with it joined: a team as it is called now, a segment as it stood.

    Parameters
    ----------
    asked
    told
        Rows with the columns `need`, `team` and `channel`.
    whose
        The customer of a row.
    """
    if asked.by is None:
        return cast(null(), String), told
    if asked.by is By.SEGMENT:
        about = as_they_stood(kinds.CUSTOMER, asked, "segment", called="about")
        return about.c.segment, told.outerjoin(about, about.c.id == whose)
    if asked.by is By.TEAM:
        return now_called(asked, told.c.team), told
    return told.c[asked.by.value], told


def now_called(asked: Question, team: Column) -> Column:
    """Return what a team is called now."""
    return case(asked.renamed, value=team, else_=team) if asked.renamed else team


def _said(places: Sequence[Place], told: Subquery, counts: Column) -> Column:
    if not places:
        return cast(null(), String)
    return case((and_(counts, among(places, told)), said_in(places, told)))
