"""Where the form stood that a response came by: on which site, in which mail, on which poster.

It is what whoever placed the form there called it, never what a browser tells of its visitor.
"""

from urllib.parse import urlsplit
from uuid import UUID

from api.dependencies import Work
from api.feedback import queries
from models.appending import append_rows

LONGEST_SOURCE = 200


def as_source(text: str | None) -> str | None:
    r"""Return a source as it is kept: one line of at most 200 characters; None where nothing is said.

    Of an address only site and path are kept: what stands behind a `?` is often somebody's name.

    >>> as_source("https://ana@shop.example/thanks?mail=ana@mail.example#top"), as_source("  spring\nletter ")
    ('https://shop.example/thanks', 'spring letter')
    >>> as_source("http://["), as_source(" ")
    (None, None)
    """
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in text or "").split())
    if plain.lower().startswith(("http://", "https://")):
        try:
            parts = urlsplit(plain)
        except ValueError:
            return None
        plain = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return plain[:LONGEST_SOURCE] or None


async def note(work: Work, response_id: UUID, text: str | None) -> None:
    """Keep where a response came from; what was said of it first stands."""
    source = as_source(text)
    if source is not None:
        row = {"workspace_id": work.workspace_id, "id": response_id, "source": source}
        await append_rows(work.session, queries.response_sources, [row], skip_existing=True)
