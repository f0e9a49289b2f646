"""What differs between two states."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .. import protocol
from .parameters import given

if TYPE_CHECKING:
    from .client import Client


class Diff:
    """A diff between two states that do not move: both refs are resolved once, with the first page.

    Iterating yields one `DocumentDiff` after the other and fetches further pages as needed.
    """

    def __init__(
        self,
        client: Client,
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
    def between(
        cls,
        client: Client,
        project: str,
        from_: str,
        to: str,
        *,
        collection: str | None = None,
        limit: int | None = None,
    ) -> Diff:
        """Compares two states; `limit` documents come with each page.

        Raises:
            ArgonError: `REF_NOT_FOUND`, `HISTORY_GONE`, `COLLECTION_NOT_FOUND`, `LIMIT_EXCEEDED`.
        """
        first = client.call(
            "diff",
            project=project,
            to=to,
            **given(from_=from_, collection=collection, limit=limit),
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

    def __iter__(self) -> Iterator[protocol.DocumentDiff]:
        page = self.first_page
        while True:
            yield from page["documents"]
            after = page.get("next")
            if after is None:
                return
            page = self._client.call(
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
