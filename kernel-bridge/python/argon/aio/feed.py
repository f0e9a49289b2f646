"""Changes of a project from any LSN on."""

# Written by tools/client_async.py from argon/client/feed.py: change it there.

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from .. import protocol
from ..client.parameters import given

if TYPE_CHECKING:
    from .client import AsyncClient
WAIT_MS = 5000
"How long one request waits for a change; an interrupt is heard between two of them at the latest."


class AsyncFeed:
    """Changes in LSN order, oldest first: each once, none left out.

    Nothing is kept on the other side. `lsn` is what has been told: whoever stores it, with what was made of the
    changes, goes on from there after any stop.

    Example:
        >>> feed = project.feed(after=stored)
        >>> async for change in feed:
        ...     apply(change)
        >>> store(feed.lsn)
    """

    def __init__(
        self,
        client: AsyncClient,
        project: str,
        after: int,
        *,
        branch: str | None = None,
        collection: str | None = None,
        follow: bool = False,
    ) -> None:
        """
        Args:
            client: whom to ask.
            project: of which project.
            after: the newest LSN that is known already; 0 for everything.
            branch: only the changes that its state consists of, inherited ones included.
            collection: only its changes.
            follow: go on with what is committed later, for ever; else it ends at the newest change.

        Raises (while it is iterated):
            ArgonError: `LSN_IN_FUTURE`, `BRANCH_NOT_FOUND`, `PROJECT_NOT_FOUND`.
        """
        self._client = client
        self.project = project
        self.lsn = after
        self._of = given(branch=branch, collection=collection)
        self._follow = follow

    async def page(self, *, limit: int | None = None, wait_ms: int | None = None) -> protocol.FeedResult:
        """The next changes, at most `limit`; `lsn` moves behind them. Waits `wait_ms` for the first, up to 30 s."""
        answer: protocol.FeedResult = await self._client.call(
            "feed", project=self.project, after=self.lsn, **self._of, **given(limit=limit, waitMs=wait_ms)
        )
        self.lsn = answer["upTo"]
        return answer

    async def __aiter__(self) -> AsyncIterator[protocol.Change]:
        while True:
            before = self.lsn
            answer: protocol.FeedResult = await self._client.call(
                "feed",
                project=self.project,
                after=before,
                **self._of,
                **given(waitMs=WAIT_MS if self._follow else None),
            )
            for change in answer["changes"]:
                yield change
                self.lsn = change["lsn"]
            self.lsn = answer["upTo"]
            if not self._follow and (self.lsn >= answer["head"] or self.lsn == before):
                return

    def __repr__(self) -> str:
        return f"Feed({self.project}, after {self.lsn})"
