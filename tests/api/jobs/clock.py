"""A clock that tests set, in place of the store's own."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession


class Clock:
    """A clock whose hands a test moves, forward or back."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def move(self, **span: float) -> None:
        """Move the hands."""
        self.now += timedelta(**span)

    async def __call__(self, _session: AsyncSession) -> datetime:
        """Tell the time, as the store would."""
        return self.now
