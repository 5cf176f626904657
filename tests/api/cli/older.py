"""What the schemas of before had: read from the migrations, so that nobody has to keep a list."""

import re
from pathlib import Path

from models import migrations

MADE = re.compile(r'create_table\(\s*"(\w+)"')


def made_since(revision: str) -> set[str]:
    """Return the tables that migrations after a revision made."""
    versions = Path(migrations.__file__).parent / "versions"
    later = [path for path in versions.glob("*.py") if path.name[: len(revision)] > revision]
    return {table for path in later for table in MADE.findall(path.read_text(encoding="utf-8"))}
