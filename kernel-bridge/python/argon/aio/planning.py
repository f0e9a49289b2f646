"""What can be planned on a branch."""

# Written by tools/client_async.py from argon/client/planning.py: change it there.

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .. import protocol
from ..client.parameters import given
from .plan import AsyncPlan

if TYPE_CHECKING:
    from .client import AsyncClient


class AsyncPlanning:
    """Takes back changes of a branch, does others again on it, goes back: for a branch known by its name alone."""

    def __init__(self, client: AsyncClient, project: str, name: str) -> None:
        self._client = client
        self.project = project
        self.name = name

    async def undo(
        self,
        *,
        lsn: tuple[int, int] | None = None,
        cell: str | None = None,
        cell_number: int | None = None,
        actor: str | None = None,
        txn: str | None = None,
    ) -> AsyncPlan:
        """Plans to take back changes of this branch; `apply` does it.

        Args:
            lsn: first and last LSN, both included.
            cell: stable id of a cell.
            cell_number: its execution count.
            actor: who made the changes.
            txn: a transaction.
        """
        info = await self._client.change(
            "undo.plan",
            project=self.project,
            branch=self.name,
            **_selection(lsn, cell=cell, cellNumber=cell_number, actor=actor, txn=txn),
        )
        return AsyncPlan(self._client, info)

    async def pick(
        self,
        source: str,
        *,
        lsn: tuple[int, int] | None = None,
        cell: str | None = None,
        cell_number: int | None = None,
        actor: str | None = None,
        txn: str | None = None,
    ) -> AsyncPlan:
        """Plans to do on this branch what some changes did elsewhere, field by field; `apply` does it.

        Args:
            source: the ref whose history has the changes.
            lsn: first and last LSN, both included.
            cell: stable id of a cell.
            cell_number: its execution count.
            actor: who made the changes.
            txn: a transaction.

        Raises:
            ArgonError: `NOTHING_TO_DO` when no change of the source fits, `BAD_REQUEST` when nothing is selected,
                `BRANCH_NOT_FOUND`, `REF_NOT_FOUND`.
        """
        info = await self._client.change(
            "pick.plan",
            project=self.project,
            source=source,
            into=self.name,
            **_selection(lsn, cell=cell, cellNumber=cell_number, actor=actor, txn=txn),
        )
        return AsyncPlan(self._client, info)

    async def restore_plan(
        self, to: str, *, collection: str | None = None, ids: Sequence[Any] | None = None
    ) -> AsyncPlan:
        """Plans to give this branch, a collection or some documents back what they were; `apply` does it.

        Unlike `restore` it writes a commit like any other, which can be undone, and takes conflicts and checks.

        Args:
            to: the state to go back to.
            collection: only this one, with its options and indexes.
            ids: only the documents of it with these `_id`s, in canonical Extended JSON.

        Raises:
            ArgonError: `NOTHING_TO_DO`, `COLLECTION_NOT_FOUND` when `to` has no such collection, `BAD_REQUEST` for
                `ids` without `collection`, `HISTORY_GONE`.
        """
        info = await self._client.change(
            "restore.plan",
            project=self.project,
            branch=self.name,
            to=to,
            **given(collection=collection, ids=None if ids is None else list(ids)),
        )
        return AsyncPlan(self._client, info)

    async def restore_preview(self, to: str, *, limit: int | None = None) -> protocol.RestorePreviewResult:
        """What `restore` would discard; nothing is written."""
        answer: protocol.RestorePreviewResult = await self._client.call(
            "restore.preview", project=self.project, branch=self.name, to=to, **given(limit=limit)
        )
        return answer

    async def restore(self, to: str) -> protocol.RestoreApplyResult:
        """Resets the branch to an earlier state; the discarded line stays under a backup name."""
        answer: protocol.RestoreApplyResult = await self._client.change(
            "restore.apply", project=self.project, branch=self.name, to=to
        )
        return answer


def _selection(lsn: tuple[int, int] | None, **other: Any) -> dict[str, Any]:
    """Which changes are meant, as requests say it."""
    first, last = lsn if lsn is not None else (None, None)
    return given(firstLsn=first, lastLsn=last, **other)
