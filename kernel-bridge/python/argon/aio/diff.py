"""What differs between two states."""

# Written by tools/client_async.py from argon/client/diff.py: change it there.

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from .. import protocol
from ..client.parameters import given

if TYPE_CHECKING:
    from .client import AsyncClient


class AsyncDiff:
    """A diff between two states that do not move: both refs are resolved once, with the first page.

    Iterating yields one `DocumentDiff` after the other and fetches further pages as needed.
    """

    def __init__(
        self,
        client: AsyncClient,
        project: str,
        first_page: protocol.Diff,
        *,
        collection: str | None = None,
        limit: int | None = None,
    ) -> None:
        self._client = client
        self.project = project
        self.first_page = first_page
        self._collection = collection
        self._limit = limit

    @classmethod
    async def between(
        cls,
        client: AsyncClient,
        project: str,
        from_: str,
        to: str,
        *,
        collection: str | None = None,
        limit: int | None = None,
    ) -> AsyncDiff:
        """Compares two states; `limit` documents come with each page.

        Raises:
            ArgonError: `REF_NOT_FOUND`, `HISTORY_GONE`, `COLLECTION_NOT_FOUND`, `LIMIT_EXCEEDED`.
        """
        first = await client.call(
            "diff", project=project, to=to, **given(from_=from_, collection=collection, limit=limit)
        )
        return cls(client, project, first, collection=collection, limit=limit)

    @property
    def summary(self) -> list[protocol.DiffSummary]:
        """Documents added, changed and deleted in each collection that differs."""
        return self.first_page["summary"]

    @property
    def catalog(self) -> list[protocol.CatalogChange]:
        """Collections, options and indexes that differ."""
        return self.first_page["catalog"]

    @property
    def count(self) -> int:
        """Number of documents that differ."""
        return sum(part["added"] + part["changed"] + part["deleted"] for part in self.summary)

    def __bool__(self) -> bool:
        return bool(self.summary or self.catalog)

    async def __aiter__(self) -> AsyncIterator[protocol.DocumentDiff]:
        page = self.first_page
        while True:
            for each in page["documents"]:
                yield each
            after = page.get("next")
            if after is None:
                return
            page = await self._client.call(
                "diff",
                project=self.project,
                to=page["to"]["ref"],
                **given(
                    from_=page["from"]["ref"], collection=self._collection, limit=self._limit, after=after
                ),
            )

    def __repr__(self) -> str:
        page = self.first_page
        return f"Diff({page['from']['ref']} -> {page['to']['ref']}: {self.count} documents)"
