"""ETags: every single resource says in one what it is, and another one once it changed."""

import pytest

from tests.api.caller import Caller, done

pytestmark = pytest.mark.anyio


async def test_what_has_no_version_of_its_own_says_when_it_changed(client: Caller) -> None:
    await client.offer_role("P-1")
    invited = done(await client.post("/v1/invitations", {"survey": "post_interaction"}))["id"]
    hook = done(await client.post("/v1/hooks", {"target_url": "https://crm.test/in", "events": ["case.failed"]}))["id"]
    me = await client.read("/v1/me")
    draft = {"questions": [{"key": "mood", "kind": "rating", "texts": {"en": "How was it?"}}]}
    changes = {
        "/v1/role-proposals/P-1": ("/v1/role-proposals/P-1/supporters", {"name": "Ana"}),
        "/v1/surveys/post_interaction": ("/v1/surveys/post_interaction/versions", draft),
        f"/v1/invitations/{invited}": (f"/v1/invitations/{invited}/revoke", None),
        f"/v1/hooks/{hook}": (f"/v1/hooks/{hook}/rotate", None),
        f"/v1/keys/{me['key_id']}": (f"/v1/keys/{me['key_id']}/rotate", None),
    }
    for address, (deed, body) in changes.items():
        first, again = [(await client.get(address)).headers["etag"] for _ in range(2)]
        assert first == again, address
        assert first.startswith('"'), address
        done(await client.post(deed, body))
        assert (await client.get(address)).headers["etag"] != first, address
