"""What tests of faults may ask for: what tests of the API have."""

from tests.api.conftest import (
    app,
    caller,
    client,
    database,
    emptied_postgres_url,
    http,
    key,
    make_workspace,
    migrated_file,
    migrated_url,
    own_settings,
    postgres_template,
    stranger,
    worker_database,
    workspace,
)

__all__ = [
    "app",
    "caller",
    "client",
    "database",
    "emptied_postgres_url",
    "http",
    "key",
    "make_workspace",
    "migrated_file",
    "migrated_url",
    "own_settings",
    "postgres_template",
    "stranger",
    "worker_database",
    "workspace",
]
