"""One line of a request's head, as it came: found without making text of the others."""

from fastapi import Request


def line_of(request: Request, name: bytes) -> bytes:
    """Return what a request's head says under a name in lower case, the first where there are several; else nothing."""
    for given, value in request.scope["headers"]:
        if given == name:
            said: bytes = value
            return said
    return b""
