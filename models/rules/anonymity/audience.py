"""Whether a survey asks staff, and whether it can be asked in a pulse."""

from collections.abc import Iterator, Sequence

from models.rules.answers import Misfit, Question

OF_STAFF = "pulse_"
"""How the `metric_key` of what staff are asked begins; a survey's key may be any."""
FIGURES = frozenset({"rating", "nps", "csat", "ces", "yes_no", "choice"})
COMMENT = "text"
CUTS = frozenset({"yes_no", "choice"})


def is_of_staff(questions: Sequence[Question]) -> bool:
    """Return whether a survey asks staff: what they answer is taken in a pulse, and nowhere else.

    Parameters
    ----------
    questions : Sequence[Question]
        As a survey keeps them.

    Examples
    --------
    >>> is_of_staff([{"key": "a", "metric_key": "pulse_tools"}, {"key": "b"}]), is_of_staff([{"key": "a"}])
    (True, False)
    """
    return any(str(question.get("metric_key") or "").startswith(OF_STAFF) for question in questions)


def unfit_for_a_pulse(questions: Sequence[Question], cut_by: Sequence[str]) -> Iterator[Misfit]:
    """Give what keeps a survey from being asked in a pulse: what could not be told without telling of somebody.

    Parameters
    ----------
    questions : Sequence[Question]
    cut_by : Sequence[str]
        The keys of the questions by which results are to be cut.

    Examples
    --------
    >>> asked = [{"key": "since", "kind": "date", "metric_key": "pulse_since"}]
    >>> [(found.pointer, found.code) for found in unfit_for_a_pulse(asked, ["since"])]
    [('/survey', 'not_releasable'), ('/cut_by/0', 'not_a_cut')]
    """
    if not is_of_staff(questions):
        detail = f"A survey asks staff when the metric_key of a question begins with {OF_STAFF}, as in staff_pulse."
        yield Misfit("/survey", "not_of_staff", detail)
    for question in questions:
        if question["kind"] not in {*FIGURES, COMMENT}:
            kinds = ", ".join(sorted({*FIGURES, COMMENT}))
            yield Misfit("/survey", "not_releasable", f"{question['key']}: a pulse asks questions of kind {kinds}.")
        if question.get("show_if") or question.get("sample"):
            yield Misfit("/survey", "not_asked_of_all", f"{question['key']}: a pulse asks everybody the same.")
    cuts = {question["key"] for question in questions if question["kind"] in CUTS}
    for place, key in enumerate(cut_by):
        if key not in cuts:
            yield Misfit(f"/cut_by/{place}", "not_a_cut", f"{key} is no question of kind choice or yes_no.")
        elif key in cut_by[:place]:
            yield Misfit(f"/cut_by/{place}", "repeated_key", f"{key} stands here before.")
