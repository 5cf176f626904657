"""Engines that the tests of one worker use one after the other, for the statements they have compiled.

A service compiles a statement once in its life, and a test is the whole life of its database: compiling was a sixth of
the suite. No connection outlives its test. Whoever listens to an engine stops listening before the test ends.
"""

from typing import Any

from sqlalchemy import URL, event, make_url

from models.database import Database


class Engines:
    """The engines of one store, which lead to the file of whichever test runs.

    Parameters
    ----------
    first
        The database whose engines they are.
    """

    def __init__(self, first: Database) -> None:
        self.writing, self.reading = first.writing, first.reading
        self._file = ""
        if first.sqlite:
            for engine in (self.writing, self.reading):
                event.listen(engine.sync_engine, "do_connect", self._lead)

    def lead_to(self, url: URL) -> None:
        """Connect to this database from now on, and say so to who asks an engine where it is."""
        self._file = url.database or ""
        for engine in (self.writing, self.reading):
            engine.sync_engine.url = url.set(drivername=engine.url.drivername)

    def _lead(self, _dialect: object, _record: object, places: list[Any], _named: object) -> None:
        places[0] = self._file


_kept: dict[tuple[str, int], Engines] = {}
"""By store and by how many connections there are."""


def opened(url: str, pool_size: int) -> Database:
    """Open a database as the service does, over the engines of the test before."""
    database = Database(url, pool_size)
    store = "sqlite" if database.sqlite else url, pool_size
    if store not in _kept:
        _kept[store] = Engines(database)
    engines = _kept[store]
    engines.lead_to(make_url(url))
    database.writing, database.reading = engines.writing, engines.reading
    return database
