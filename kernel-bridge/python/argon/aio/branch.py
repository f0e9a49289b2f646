"""Branches: names that point to a timeline."""

# Written by tools/client_async.py from argon/client/branch.py: change it there.

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

from .. import protocol
from ..client.parameters import given
from .diff import AsyncDiff
from .paging import pages
from .plan import AsyncPlan
from .planning import AsyncPlanning

if TYPE_CHECKING:
    from .client import AsyncClient


class AsyncBranches:
    """The branches of a project."""

    def __init__(self, client: AsyncClient, project: str) -> None:
        self._client = client
        self.project = project

    async def create(
        self, name: str, from_: str | None = None, *, ensure: bool = False, ttl_seconds: int | None = None
    ) -> AsyncBranch:
        """Creates a branch at a ref (default: the head of the default branch).

        Args:
            name: what it shall be called.
            from_: the ref where it begins.
            ensure: no error when it exists.
            ttl_seconds: deletes it by itself after that time.

        Raises:
            ArgonError: `BRANCH_EXISTS` unless `ensure`, `NAME_INVALID`, `REF_NOT_FOUND` …
        """
        info = await self._client.change(
            "branch.create",
            project=self.project,
            name=name,
            **given(from_=from_, ensure=ensure or None, ttlSeconds=ttl_seconds),
        )
        return AsyncBranch(self._client, self.project, name, info)

    async def get(self, name: str) -> AsyncBranch:
        """A branch that exists.

        Raises:
            ArgonError: `BRANCH_NOT_FOUND`.
        """
        info = await self._client.call("branch.get", project=self.project, name=name)
        return AsyncBranch(self._client, self.project, name, info)

    async def list(self, search: str | None = None) -> list[AsyncBranch]:
        """All branches, or those whose name holds `search`; the default first, then newest head first."""
        return [each async for each in self.iterate(search)]

    async def iterate(self, search: str | None = None) -> AsyncIterator[AsyncBranch]:
        """As `list`, page by page."""
        async for page in pages(lambda after: self.page(search=search, after=after)):
            for info in page["branches"]:
                yield AsyncBranch(self._client, self.project, info["name"], info)

    async def page(
        self,
        *,
        search: str | None = None,
        letters: str | None = None,
        after: str | None = None,
        limit: int | None = None,
    ) -> protocol.BranchListResult:
        """One page, and how many there are in all.

        Args:
            search: only names that hold this.
            letters: only names that have these letters in their order; those that begin with them come first.
            after: the name that the page before ended with.
            limit: how many at most.
        """
        answer: protocol.BranchListResult = await self._client.call(
            "branch.list",
            project=self.project,
            **given(search=search, letters=letters, after=after, limit=limit),
        )
        return answer

    async def rename(self, name: str, to: str) -> AsyncBranch:
        """Gives a branch another name."""
        info = await self._client.change("branch.rename", project=self.project, name=name, to=to)
        return AsyncBranch(self._client, self.project, to, info)

    async def delete(self, name: str) -> protocol.BranchDeleteResult:
        """Deletes a branch; states that a pin, a run or a fork holds stay readable.

        Raises:
            ArgonError: `BRANCH_PROTECTED`, `BRANCH_NOT_FOUND`.
        """
        answer: protocol.BranchDeleteResult = await self._client.change(
            "branch.delete", project=self.project, name=name
        )
        return answer


class AsyncBranch(AsyncPlanning):
    """One branch. `info` is what the bridge said last: timeline, head, fork, ahead and behind; `refresh` asks again."""

    def __init__(self, client: AsyncClient, project: str, name: str, info: protocol.Branch) -> None:
        super().__init__(client, project, name)
        self.info = info

    def __repr__(self) -> str:
        return f"Branch({self.project}/{self.name}@{self.head})"

    async def refresh(self) -> AsyncBranch:
        """Asks the bridge again."""
        self.info = await self._client.call("branch.get", project=self.project, name=self.name)
        return self

    @property
    def head(self) -> int:
        """The newest LSN."""
        return self.info["head"]

    @property
    def timeline(self) -> int:
        """Id of the timeline the name points to."""
        return self.info["timeline"]

    @property
    def ahead(self) -> int:
        """Changes that the default branch does not include."""
        return self.info["ahead"]

    @property
    def behind(self) -> int:
        """Changes of the default branch that this one does not include."""
        return self.info["behind"]

    async def merge_plan(self, into: str | None = None) -> AsyncPlan:
        """Plans a merge of this branch (default: into the default branch); nothing else is written."""
        target = into or await self._client.project(self.project).default_branch()
        info = await self._client.change("merge.plan", project=self.project, source=self.name, into=target)
        return AsyncPlan(self._client, info)

    async def merge(self, into: str | None = None, *, take: str | None = None) -> AsyncPlan:
        """Merges this branch and returns the applied plan.

        Args:
            into: the branch that changes; default: the default branch.
            take: `"ours"` or `"theirs"` answers every conflict; without it a conflict is an error.

        Raises:
            ArgonError: `PLAN_UNANSWERED` with `data["plan"]`, `PLAN_STALE`, `NOTHING_TO_DO`.
        """
        plan = await self.merge_plan(into)
        if take is not None:
            await plan.answer_all(take)
        return await plan.apply()

    async def diff(self, other: str | None = None, *, collection: str | None = None) -> AsyncDiff:
        """What this branch has that `other` (default: the default branch) has not."""
        base = other or await self._client.project(self.project).default_branch()
        return await AsyncDiff.between(self._client, self.project, base, self.name, collection=collection)

    async def restore(self, to: str) -> protocol.RestoreApplyResult:
        """Resets the branch to an earlier state; the discarded line stays under a backup name."""
        answer = await super().restore(to)
        self.info = answer["branch"]
        return answer

    async def protect(self, protect: bool = True, *, checks: Sequence[str] | None = None) -> AsyncBranch:
        """A protected branch takes plans only, and is not deleted or reset.

        Args:
            protect: False lets it be written again.
            checks: names of the checks that a plan must have passed before it is applied (see `Plan.check`); none
                when left out.

        Raises:
            ArgonError: `LIMIT_EXCEEDED` for more than 64 checks, `NAME_INVALID`.
        """
        self.info = await self._client.change(
            "branch.protect",
            project=self.project,
            name=self.name,
            protect=protect,
            **given(checks=None if checks is None else list(checks)),
        )
        return self

    async def rename(self, to: str) -> AsyncBranch:
        """Gives the branch another name."""
        return await AsyncBranches(self._client, self.project).rename(self.name, to)

    async def delete(self) -> protocol.BranchDeleteResult:
        """Deletes the branch."""
        return await AsyncBranches(self._client, self.project).delete(self.name)

    async def log(self, *, before: int | None = None, limit: int | None = None) -> protocol.LogResult:
        """Entries of this branch and its ancestors, newest first."""
        return await self._client.project(self.project).log(self.name, before=before, limit=limit)

    async def db(self) -> Any:
        """A pymongo `Database` of this branch."""
        state = await self._client.project(self.project).resolve(self.name)
        return await self._client.database(state["database"])
