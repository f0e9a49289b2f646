"""Projects: a tenant each, with an LSN sequence and branches of its own."""

# Written by tools/client_async.py from argon/client/project.py: change it there.

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

from .. import protocol
from ..client.parameters import given
from ..errors import ArgonError, nearest_name
from .branch import AsyncBranch, AsyncBranches
from .diff import AsyncDiff
from .feed import AsyncFeed
from .paging import pages
from .plan import AsyncPlan
from .planning import AsyncPlanning

if TYPE_CHECKING:
    from .client import AsyncClient
RUNS_PAGE = 500


class AsyncProjects:
    """The projects of a bridge."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def create(self, name: str, *, ensure: bool = False) -> AsyncProject:
        """Creates a project with its default branch.

        Raises:
            ArgonError: `PROJECT_EXISTS` unless `ensure`, `NAME_INVALID`.
        """
        await self._client.change("project.create", **given(name=name, ensure=ensure or None))
        return AsyncProject(self._client, name)

    async def list(self) -> list[protocol.Project]:
        """All projects."""
        answer: list[protocol.Project] = await self._client.call("project.list")
        return answer

    async def get(self, name: str) -> AsyncProject:
        """A project that exists.

        Raises:
            ArgonError: `PROJECT_NOT_FOUND`.
        """
        names = [project["name"] for project in await self.list()]
        if name not in names:
            nearest = nearest_name(name, names)
            raise ArgonError(
                "PROJECT_NOT_FOUND",
                f'there is no project called "{name}"',
                data={"project": name},
                nearest=nearest,
                next=[
                    *([f"%argon use {nearest}"] if nearest else []),
                    f"%argon init {name}   (or projects.create)",
                ],
            )
        return AsyncProject(self._client, name)

    async def delete(self, name: str, *, confirm: str) -> None:
        """Deletes a project and all its branches, which cannot be taken back. `confirm` is the name again."""
        await self._client.change("project.delete", name=name, confirm=confirm)


class AsyncProject:
    """One project."""

    def __init__(self, client: AsyncClient, name: str) -> None:
        self._client = client
        self.name = name

    def __repr__(self) -> str:
        return f"Project({self.name!r})"

    async def info(self) -> protocol.Project:
        """Head, default branch and age.

        Raises:
            ArgonError: `PROJECT_NOT_FOUND`.
        """
        for project in await self._client.projects.list():
            if project["name"] == self.name:
                return project
        raise ArgonError("PROJECT_NOT_FOUND", f'there is no project called "{self.name}"')

    async def default_branch(self) -> str:
        """Name of the branch that is meant when none is named."""
        return (await self.info())["defaultBranch"]

    @property
    def branches(self) -> AsyncBranches:
        """The branches of the project."""
        return AsyncBranches(self._client, self.name)

    async def branch(self, name: str) -> AsyncBranch:
        """A branch that exists.

        Raises:
            ArgonError: `BRANCH_NOT_FOUND`.
        """
        return await self.branches.get(name)

    async def resolve(self, ref: str) -> protocol.State:
        """Which state a ref means now.

        Raises:
            ArgonError: `REF_INVALID`, `REF_NOT_FOUND`, `BRANCH_NOT_FOUND`, `LSN_IN_FUTURE`, `HISTORY_GONE`.
        """
        state: protocol.State = await self._client.call("ref.resolve", project=self.name, ref=ref)
        return state

    async def collections(self, ref: str) -> protocol.RefCollectionsResult:
        """Collections of a state with counts, digests and indexes, and the digest of the whole state."""
        answer: protocol.RefCollectionsResult = await self._client.call(
            "ref.collections", project=self.name, ref=ref
        )
        return answer

    async def log(
        self, ref: str | None = None, *, before: int | None = None, limit: int | None = None
    ) -> protocol.LogResult:
        """Entries newest first: of the whole project, or of one ref and its ancestors."""
        answer: protocol.LogResult = await self._client.call(
            "log", project=self.name, **given(ref=ref, before=before, limit=limit)
        )
        return answer

    async def changes(self, timeline: int, first: int, last: int) -> AsyncIterator[protocol.Change]:
        """Changes of a range of LSNs on one timeline, oldest first."""

        async def ask(after: int | None) -> protocol.ChangesResult:
            answer: protocol.ChangesResult = await self._client.call(
                "changes",
                project=self.name,
                timeline=timeline,
                firstLsn=first,
                lastLsn=last,
                **given(after=after),
            )
            return answer

        async for page in pages(ask):
            for each in page["changes"]:
                yield each

    async def history(
        self, ref: str, collection: str, id: Any, *, before: int | None = None, limit: int | None = None
    ) -> protocol.HistoryResult:
        """Versions of one document, newest first. `id` is its `_id` in canonical Extended JSON."""
        answer: protocol.HistoryResult = await self._client.call(
            "history",
            project=self.name,
            ref=ref,
            collection=collection,
            id=id,
            **given(before=before, limit=limit),
        )
        return answer

    async def blame(
        self, ref: str, collection: str, id: Any, path: Sequence[str] = ()
    ) -> AsyncIterator[protocol.Blame]:
        """Who gave each field of a document the value it has in a state, in the order of the fields, page by page.

        A field is told with its path and value, the LSN, the branch, the origin (actor, notebook, cell) and the
        MLflow runs that the same execution of the cell started. Nothing is told of a document that is not there.

        Args:
            ref: the state; it is resolved once.
            collection: its collection.
            id: its `_id` in canonical Extended JSON.
            path: only this field and what is below it, as keys.

        Raises:
            ArgonError: `COLLECTION_NOT_FOUND`, `REF_NOT_FOUND`, `HISTORY_GONE`.
        """

        async def ask(after: int | None) -> protocol.BlameResult:
            answer: protocol.BlameResult = await self._client.call(
                "blame",
                project=self.name,
                ref=ref,
                collection=collection,
                id=id,
                **given(path=list(path) or None, after=after),
            )
            return answer

        async for page in pages(ask):
            for each in page["fields"]:
                yield each
            ref = page["state"]["ref"]

    def feed(
        self,
        after: int = 0,
        *,
        branch: str | None = None,
        collection: str | None = None,
        follow: bool = False,
    ) -> AsyncFeed:
        """Changes from an LSN on, in LSN order, each once; see `Feed`."""
        return AsyncFeed(self._client, self.name, after, branch=branch, collection=collection, follow=follow)

    async def diff(
        self, from_: str, to: str, *, collection: str | None = None, limit: int | None = None
    ) -> AsyncDiff:
        """What differs between two states; `to` is the newer look."""
        return await AsyncDiff.between(self._client, self.name, from_, to, collection=collection, limit=limit)

    async def pins(self) -> list[protocol.Pin]:
        """All pins."""
        answer: list[protocol.Pin] = await self._client.call("pin.list", project=self.name)
        return answer

    async def pin(self, name: str, ref: str, *, ensure: bool = False) -> protocol.Pin:
        """Names a state for ever.

        Raises:
            ArgonError: `PIN_EXISTS` unless `ensure` and the pin names the same state.
        """
        answer: protocol.Pin = await self._client.change(
            "pin.create", project=self.name, name=name, ref=ref, **given(ensure=ensure or None)
        )
        return answer

    async def unpin(self, name: str) -> None:
        """Deletes a pin."""
        await self._client.change("pin.delete", project=self.name, name=name)

    async def runs(
        self,
        *,
        branch: str | None = None,
        first_lsn: int | None = None,
        last_lsn: int | None = None,
        cell: int | None = None,
        model: str | None = None,
        metrics: Sequence[protocol.RunListParamsMetricsItem] | None = None,
        search: str | None = None,
        limit: int | None = None,
    ) -> list[protocol.Run]:
        """MLflow runs that saw this project's data, newest first.

        Args:
            branch: on this branch.
            first_lsn: that saw this LSN or a later one.
            last_lsn: that saw this LSN or an earlier one.
            cell: that a cell with this number started.
            model: whose model has this in its name.
            metrics: whose metrics fulfil all of these: `{"name": "auc", "is": ">", "value": 0.9}`.
            search: whose id begins so, or whose name has this in it.
            limit: at most so many. Default: all, page by page.
        """

        async def ask(after: str | None) -> protocol.RunListResult:
            return await self.run_page(
                branch=branch,
                first_lsn=first_lsn,
                last_lsn=last_lsn,
                cell=cell,
                model=model,
                metrics=metrics,
                search=search,
                after=after,
                limit=RUNS_PAGE if limit is None else min(limit, RUNS_PAGE),
            )

        found: list[protocol.Run] = []
        async for page in pages(ask):
            found += page["runs"]
            if limit is not None and len(found) >= limit:
                break
        return found[:limit]

    async def run_page(
        self,
        *,
        branch: str | None = None,
        first_lsn: int | None = None,
        last_lsn: int | None = None,
        cell: int | None = None,
        model: str | None = None,
        metrics: Sequence[protocol.RunListParamsMetricsItem] | None = None,
        search: str | None = None,
        after: str | None = None,
        limit: int | None = None,
    ) -> protocol.RunListResult:
        """One page of `runs`, and how many there are in all; `after` is the `next` of the page before.

        Raises:
            ArgonError: `RUN_NOT_FOUND` when there is no run `after`.
        """
        answer: protocol.RunListResult = await self._client.call(
            "run.list",
            project=self.name,
            **given(
                branch=branch,
                firstLsn=first_lsn,
                lastLsn=last_lsn,
                cell=cell,
                model=model,
                metrics=None if metrics is None else list(metrics),
                search=search,
                after=after,
                limit=limit,
            ),
        )
        return answer

    async def affected(
        self, *, lsn: int | None = None, collection: str | None = None, id: Any = None
    ) -> AsyncIterator[protocol.RunAffectedResultRunsItem]:
        """Runs whose state held a version of a document, newest run first, with the LSN of the version, page by page.

        The state held it, whether the run read that collection or not.

        Args:
            lsn: the change that made the version; its document is looked for.
            collection: with `id` in place of `lsn`: every version of that document.
            id: its `_id` in canonical Extended JSON.

        Raises:
            ArgonError: `BAD_REQUEST` when the LSN is no change of a document, `LSN_IN_FUTURE`.
        """
        document = {} if collection is None else {"collection": collection, "id": id}

        async def ask(after: str | None) -> protocol.RunAffectedResult:
            answer: protocol.RunAffectedResult = await self._client.call(
                "run.affected", project=self.name, **document, **given(lsn=lsn, after=after)
            )
            return answer

        async for page in pages(ask):
            for each in page["runs"]:
                yield each

    async def plans(self, *, state: str | None = None, limit: int | None = None) -> list[protocol.Plan]:
        """Plans, newest first."""
        answer: list[protocol.Plan] = await self._client.call(
            "plan.list", project=self.name, **given(state=state, limit=limit)
        )
        return answer

    async def plan(self, id: str) -> AsyncPlan:
        """A plan by its id.

        Raises:
            ArgonError: `PLAN_NOT_FOUND`.
        """
        return AsyncPlan(self._client, await self._client.call("plan.get", project=self.name, id=id))

    async def undo(self, branch: str, **what: Any) -> AsyncPlan:
        """Plans to take back changes on a branch; see `Planning.undo`."""
        return await AsyncPlanning(self._client, self.name, branch).undo(**what)

    async def pick(self, branch: str, source: str, **what: Any) -> AsyncPlan:
        """Plans to do on a branch what some changes did elsewhere; see `Planning.pick`."""
        return await AsyncPlanning(self._client, self.name, branch).pick(source, **what)

    async def restore_plan(
        self, branch: str, to: str, *, collection: str | None = None, ids: Sequence[Any] | None = None
    ) -> AsyncPlan:
        """Plans to give documents back what they were; see `Planning.restore_plan`."""
        return await AsyncPlanning(self._client, self.name, branch).restore_plan(
            to, collection=collection, ids=ids
        )

    async def restore_preview(
        self, branch: str, to: str, *, limit: int | None = None
    ) -> protocol.RestorePreviewResult:
        """What a reset of the branch would discard; see `Planning.restore`."""
        return await AsyncPlanning(self._client, self.name, branch).restore_preview(to, limit=limit)

    async def restore(self, branch: str, to: str) -> protocol.RestoreApplyResult:
        """Resets a branch; see `Planning.restore`."""
        return await AsyncPlanning(self._client, self.name, branch).restore(to)
