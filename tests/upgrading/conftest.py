"""What rehearsals of an upgrade may ask for: settings of their own, as tests of the API have them."""

from tests.api.conftest import own_settings

__all__ = ["own_settings"]
