"""What tests of the tables ask for: the migrated databases that tests of the API have."""

from tests.api.conftest import (
    database,
    emptied_postgres_url,
    make_workspace,
    migrated_file,
    migrated_url,
    own_settings,
    postgres_template,
    worker_database,
)

__all__ = [
    "database",
    "emptied_postgres_url",
    "make_workspace",
    "migrated_file",
    "migrated_url",
    "own_settings",
    "postgres_template",
    "worker_database",
]
