"""QR codes of pages: black on white with the quiet zone scanners need, whatever stands behind the picture.

A code holds the address of its page and what that address may say, like where the code hangs.
"""

from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from urllib.parse import urlencode

import segno
from fastapi import Request, Response

from api.errors import Malformed
from api.settings import settings

NAME = "/qr.svg"
SAID = ("lang", "score", "customer", "case", "sig", "exp", "_source", "_next")
LONGEST = 600
"""Characters of an address that a telephone still reads from paper."""
QUIET_MODULES = 4
"""The quiet zone of ISO/IEC 18004, in modules."""
PICTURE = "default-src 'none'; frame-ancestors 'none'"


def address_of(request: Request) -> str:
    """Return the address that a code leads to: its own without the picture's name."""
    query = urlencode([(name, request.query_params[name]) for name in SAID if name in request.query_params])
    address = f"{settings().public_url.rstrip('/')}{request.url.path.removesuffix(NAME)}"
    address += f"?{query}" if query else ""
    if len(address) > LONGEST:
        raise Malformed(f"A code holds an address of at most {LONGEST} characters.")
    return address


def picture(request: Request, title: str, *, private: bool) -> Response:
    """Answer a code; somebody's own is kept by nobody between."""
    address = address_of(request)
    drawn = draw(address, title) if private else _drawn_before(address, title)
    mark = f'"{sha256(drawn).hexdigest()[:16]}"'
    headers = {
        "Cache-Control": f"{'private' if private else 'public'}, max-age=3600",
        "Content-Security-Policy": PICTURE,
        "ETag": mark,
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
    }
    if request.headers.get("if-none-match") == mark:
        return Response(status_code=304, headers=headers)
    return Response(drawn, media_type="image/svg+xml", headers=headers)


def draw(address: str, title: str) -> bytes:
    """Return the picture of an address, with a title for those who do not see it."""
    out = BytesIO()
    segno.make_qr(address, error="m").save(
        out,
        kind="svg",
        border=QUIET_MODULES,
        scale=8,
        dark="#000",
        light="#fff",
        title=title,
        desc=address,
        xmldecl=False,
        svgclass=None,
        lineclass=None,
        omitsize=True,
        nl=False,
    )
    return out.getvalue().replace(b"<svg ", b'<svg role="img" shape-rendering="crispEdges" ', 1)


_drawn_before = lru_cache(maxsize=256)(draw)
