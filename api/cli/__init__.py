"""The command line: every command is a thin door to the same services the web asks."""

from api.cli.commands import app

__all__ = ["app"]
