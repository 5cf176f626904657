"""What the tests of surveys, answers and invitations share."""

import pytest

from tests.api.caller import Caller


@pytest.fixture
async def asked(client: Caller) -> Caller:
    """Give the caller of a workspace with a customer, a case of theirs, and another customer."""
    await client.put_customer("C-1")
    await client.put_customer("C-2")
    await client.put_case("K-1", "C-1")
    return client
