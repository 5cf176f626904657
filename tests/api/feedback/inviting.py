"""How tests make invitations, and answer by right of one."""

from typing import Any

from tests.api.caller import Caller, done

SURVEY = "post_interaction"


async def invite(client: Caller, **fields: Any) -> dict[str, Any]:
    """Make an invitation about the case."""
    made: dict[str, Any] = done(await client.post("/v1/invitations", {"survey": SURVEY, "case": "K-1", **fields}))
    return made


def answer(token: str, **fields: Any) -> dict[str, Any]:
    """Give an answer by right of an invitation."""
    return {"survey": SURVEY, "invitation": token, "answers": {"satisfaction": 2}, **fields}
