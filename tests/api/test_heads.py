"""A line of a request's head is found as it came."""

from fastapi import Request

from api.heads import line_of


def test_the_first_of_a_name_is_found_and_nothing_where_there_is_none() -> None:
    head = [(b"accept", b"*/*"), (b"x-name", b"\xe9"), (b"x-name", b"two")]
    request = Request({"type": "http", "headers": head})
    assert line_of(request, b"x-name") == b"\xe9"
    assert line_of(request, b"authorization") == b""
