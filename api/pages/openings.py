"""What is noticed when a mail's link for a score is opened: whether a person opens it, or a scanner that opens all."""

from fastapi import Request

from api.dependencies import Work
from api.feedback.hosted import Hosted
from api.feedback.scanners import Proof, Scanners

FETCHED_AHEAD = ("sec-purpose", "purpose", "x-purpose", "x-moz")
AHEAD = ("prefetch", "prerender", "preview")


def is_fetched_ahead(request: Request) -> bool:
    """Return whether a browser fetches a page in case somebody opens it: then nobody did, and no scanner either."""
    return any(word in request.headers.get(name, "").lower() for name in FETCHED_AHEAD for word in AHEAD)


def note_score(request: Request, work: Work, opened: Hosted, score: str) -> None:
    """Note that somebody's own link for a score was opened."""
    proof = _proof(work, opened)
    if proof is not None and not is_fetched_ahead(request):
        _scanners(request).note(proof, score, opened.invited.id if opened.invited else None)


def is_suspected(request: Request, work: Work, opened: Hosted) -> bool:
    """Return whether a scanner opened somebody's links a moment before they were answered by."""
    proof = _proof(work, opened)
    return proof is not None and _scanners(request).suspects(proof)


def _proof(work: Work, opened: Hosted) -> Proof | None:
    if opened.arrival.link is not None:
        return work.workspace_id, f"{opened.survey.id}/{opened.arrival.link.case}"
    return None if opened.invited is None else (work.workspace_id, str(opened.invited.id))


def _scanners(request: Request) -> Scanners:
    return request.app.state.scanners  # type: ignore[no-any-return] # Starlette's state is untyped
