"""The whole schema in one place: importing this module registers every table on `metadata`."""

from models import access, assessment, case, customer, failure, feedback, outbox, role, tombstone, workspace
from models.base import metadata

DIRECTORY_TABLES = frozenset({"workspaces", "access_routes", "job_claims", "outbox_claims"})
"""The only tables read before a workspace is known; all others are behind row-level security."""

TOPICS = (access, assessment, case, customer, failure, feedback, outbox, role, tombstone, workspace)

__all__ = ["DIRECTORY_TABLES", "TOPICS", "metadata"]
