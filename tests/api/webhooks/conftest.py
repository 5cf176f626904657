"""What every test of delivery needs: hooks may reach loopback, where the receivers are."""

import pytest

from tests.api.webhooks.hooking import set_up


@pytest.fixture(autouse=True)
def private_hooks(own_settings: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - sets what it reset
    """Let hooks reach loopback, where the receivers of these tests are."""
    set_up(monkeypatch, allow_private_hooks="true", hook_timeout="5")
