"""What `doctor` asks of the risk models: whether in some workspace the last good one serves in place of a newer one."""

from api.cli.checks import Check, warn
from api.risk import registry, stale
from api.workspaces import queries as workspaces
from models.database import Database

MOST_NAMED = 5
REMEDY = (
    "Learn anew with `steadfast train --workspace NAME`, which says what is in the way; then let the model serve: "
    "`steadfast models list` and `steadfast models promote`."
)


async def of_models(database: Database) -> Check:
    """Look at every workspace's last training, and at the model that is to serve it: the last good one serves on."""
    async with database.read() as session:
        slugs = {row.id: row.slug for row in await workspaces.all_workspaces(session)}
        failed = await stale.failed_trainings(session)
    told = [f"{slugs[id_]}: no training succeeded since {since:%Y-%m-%d %H:%M} UTC" for id_, since in failed.items()]
    for workspace_id, slug in slugs.items():
        async with database.read(workspace_id) as session:
            refused = await registry.champion_refused(session, workspace_id)
        if refused is not None:
            told.append(f"{slug}: the model that is to serve cannot be used: {refused}")
    if not told:
        return Check("models", ok=True, found="none is stale", remedy=None)
    more = f"; and {len(told) - MOST_NAMED} more" if len(told) > MOST_NAMED else ""
    return warn("models", "; ".join(told[:MOST_NAMED]) + more, REMEDY)
