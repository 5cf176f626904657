"""What SQLite's planner is told of the tables: not what they hold today, but what those of any company are like.

Without statistics SQLite takes everything a workspace has of a kind for ten rows, and then reads all of it for each of
them: the loyalty of fifty thousand cases took minutes. With what `ANALYZE` counts it reads all of it once before it
looks for one customer. Neither is so where a workspace is said to have very much and a customer or a case to have
little, which stays true however the tables grow, so plans stay as they were tested.
"""

from sqlalchemy import Connection, text

IN_A_TABLE, IN_A_WORKSPACE = 100_000_000, 1_000_000
OF_ONE, OF_ONE_OF_THEM = 10, 2
"""Rows a customer, a case or a moment has, and rows that are alike in a further column too."""
INDEXES = text(
    'SELECT made.name AS of_table, indexes.name AS called, indexes."unique" AS once, columns.name AS named '
    "FROM sqlite_master AS made, pragma_index_list(made.name) AS indexes, pragma_index_info(indexes.name) AS columns "
    "WHERE made.type = 'table' ORDER BY made.name, indexes.name, columns.seqno"
)
FIRST = "workspace_id"


def tell_planner(connection: Connection) -> None:
    """Tell SQLite what every index that begins with the workspace finds; whatever was counted before is forgotten."""
    connection.execute(text("ANALYZE alembic_version"))
    connection.execute(text("DELETE FROM sqlite_stat1"))
    if connection.scalar(text("SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_stat4'")):
        connection.execute(text("DELETE FROM sqlite_stat4"))
    told = [
        {"tbl": of_table, "idx": called, "stat": _said_of(len(columns), once=once)}
        for (of_table, called, once), columns in _indexes(connection).items()
        if columns[0] == FIRST
    ]
    if told:
        connection.execute(text("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (:tbl, :idx, :stat)"), told)


def _indexes(connection: Connection) -> dict[tuple[str, str, bool], list[str]]:
    found: dict[tuple[str, str, bool], list[str]] = {}
    for row in connection.execute(INDEXES):
        found.setdefault((row.of_table, row.called, bool(row.once)), []).append(row.named)
    return found


def _said_of(columns: int, *, once: bool) -> str:
    """Return the rows of a table, and those alike in the first column of an index, in the first two and so on.

    >>> _said_of(3, once=True)
    '100000000 1000000 10 1'
    """
    alike = [IN_A_WORKSPACE, OF_ONE, *[OF_ONE_OF_THEM] * columns][:columns]
    if once:
        alike[-1] = 1
    return " ".join(str(rows) for rows in (IN_A_TABLE, *alike))
