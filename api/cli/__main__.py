"""`python -m api.cli` is `steadfast`."""

from api.cli import app

app()
