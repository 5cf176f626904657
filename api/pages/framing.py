"""Which sites may show a page of ours inside theirs: those that the survey names, and nobody else.

A page is framed where its address says `?embed=1`. It keeps to itself: no cookie, no storage, and one script of its own
that tells the site how tall it is.
"""

from collections import OrderedDict
from collections.abc import Sequence

from fastapi import Request

MOST_REMEMBERED = 10_000
POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'"


class Frames:
    """Which sites may frame the pages shown lately: for the pages that say no before the survey is read.

    Parameters
    ----------
    most
        Surveys remembered; the one shown longest ago is forgotten first.
    """

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self.most = most
        self._origins: OrderedDict[tuple[str, str], Sequence[str]] = OrderedDict()

    def note(self, request: Request, origins: Sequence[str]) -> None:
        """Note which sites may frame the page of an address."""
        place = _place(request)
        self._origins[place] = origins
        self._origins.move_to_end(place)
        if len(self._origins) > self.most:
            self._origins.popitem(last=False)

    def around(self, request: Request) -> Sequence[str]:
        """Return which sites may frame what is answered at an address."""
        return self._origins.get(_place(request), ()) if is_embedded(request) else ()


def _place(request: Request) -> tuple[str, str]:
    return request.path_params.get("slug", ""), request.path_params.get("survey", "")


def is_embedded(request: Request) -> bool:
    """Return whether a page is asked for to stand inside another."""
    return request.query_params.get("embed") == "1"


def frames(request: Request) -> Frames:
    """Return what the application remembers of frames."""
    return request.app.state.frames  # type: ignore[no-any-return] # Starlette's state is untyped


def policy(framed_by: Sequence[str], form_to: str = "", images: str = "") -> str:
    """Return a page's Content-Security-Policy.

    Parameters
    ----------
    framed_by
        The origins that may frame it.
    form_to
        The origin a browser is led to after sending its form: browsers hold a form to that, too.
    images
        Where images may come from, beside here.

    Examples
    --------
    >>> policy(()).partition("form-action")[2]
    " 'self'; frame-ancestors 'none'"
    >>> policy(["https://shop.example"]).partition("form-action")[2]
    " 'self'; frame-ancestors https://shop.example; script-src 'self'"
    """
    ends = f"form-action 'self' {form_to}".rstrip()
    around = f"{' '.join(framed_by)}; script-src 'self'" if framed_by else "'none'"
    shown = f"img-src 'self' {images}".rstrip()
    return f"{POLICY}; {shown}; {ends}; frame-ancestors {around}"
