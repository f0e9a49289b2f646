"""Branches: names that point to a timeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .. import protocol
from .diff import Diff
from .paging import pages
from .parameters import given
from .plan import Plan
from .planning import Planning

if TYPE_CHECKING:
    from .client import Client


class Branches:
    """The branches of a project."""

    def __init__(self, client: Client, project: str) -> None:
        self._client = client
        self.project = project

    def create(
        self, name: str, from_: str | None = None, *, ensure: bool = False, ttl_seconds: int | None = None
    ) -> Branch:
        """Creates a branch at a ref (default: the head of the default branch).

        Args:
            name: what it shall be called.
            from_: the ref where it begins.
            ensure: no error when it exists.
            ttl_seconds: deletes it by itself after that time.

        Raises:
            ArgonError: `BRANCH_EXISTS` unless `ensure`, `NAME_INVALID`, `REF_NOT_FOUND` …
        """
        info = self._client.change(
            "branch.create",
            project=self.project,
            name=name,
            **given(from_=from_, ensure=ensure or None, ttlSeconds=ttl_seconds),
        )
        return Branch(self._client, self.project, name, info)

    def get(self, name: str) -> Branch:
        """A branch that exists.

        Raises:
            ArgonError: `BRANCH_NOT_FOUND`.
        """
        info = self._client.call("branch.get", project=self.project, name=name)
        return Branch(self._client, self.project, name, info)

    def list(self, search: str | None = None) -> list[Branch]:
        """All branches, or those whose name holds `search`; the default first, then newest head first."""
        return list(self.iterate(search))

    def iterate(self, search: str | None = None) -> Iterator[Branch]:
        """As `list`, page by page."""
        for page in pages(lambda after: self.page(search=search, after=after)):
            for info in page["branches"]:
                yield Branch(self._client, self.project, info["name"], info)

    def page(
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
        answer: protocol.BranchListResult = self._client.call(
            "branch.list",
            project=self.project,
            **given(search=search, letters=letters, after=after, limit=limit),
        )
        return answer

    def rename(self, name: str, to: str) -> Branch:
        """Gives a branch another name."""
        info = self._client.change("branch.rename", project=self.project, name=name, to=to)
        return Branch(self._client, self.project, to, info)

    def delete(self, name: str) -> protocol.BranchDeleteResult:
        """Deletes a branch; states that a pin, a run or a fork holds stay readable.

        Raises:
            ArgonError: `BRANCH_PROTECTED`, `BRANCH_NOT_FOUND`.
        """
        answer: protocol.BranchDeleteResult = self._client.change(
            "branch.delete", project=self.project, name=name
        )
        return answer


class Branch(Planning):
    """One branch. `info` is what the bridge said last: timeline, head, fork, ahead and behind; `refresh` asks again."""

    def __init__(self, client: Client, project: str, name: str, info: protocol.Branch) -> None:
        super().__init__(client, project, name)
        self.info = info

    def __repr__(self) -> str:
        return f"Branch({self.project}/{self.name}@{self.head})"

    def refresh(self) -> Branch:
        """Asks the bridge again."""
        self.info = self._client.call("branch.get", project=self.project, name=self.name)
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

    def merge_plan(self, into: str | None = None) -> Plan:
        """Plans a merge of this branch (default: into the default branch); nothing else is written."""
        target = into or self._client.project(self.project).default_branch()
        info = self._client.change("merge.plan", project=self.project, source=self.name, into=target)
        return Plan(self._client, info)

    def merge(self, into: str | None = None, *, take: str | None = None) -> Plan:
        """Merges this branch and returns the applied plan.

        Args:
            into: the branch that changes; default: the default branch.
            take: `"ours"` or `"theirs"` answers every conflict; without it a conflict is an error.

        Raises:
            ArgonError: `PLAN_UNANSWERED` with `data["plan"]`, `PLAN_STALE`, `NOTHING_TO_DO`.
        """
        plan = self.merge_plan(into)
        if take is not None:
            plan.answer_all(take)
        return plan.apply()

    def diff(self, other: str | None = None, *, collection: str | None = None) -> Diff:
        """What this branch has that `other` (default: the default branch) has not."""
        base = other or self._client.project(self.project).default_branch()
        return Diff.between(self._client, self.project, base, self.name, collection=collection)

    def restore(self, to: str) -> protocol.RestoreApplyResult:
        """Resets the branch to an earlier state; the discarded line stays under a backup name."""
        answer = super().restore(to)
        self.info = answer["branch"]
        return answer

    def protect(self, protect: bool = True, *, checks: Sequence[str] | None = None) -> Branch:
        """A protected branch takes plans only, and is not deleted or reset.

        Args:
            protect: False lets it be written again.
            checks: names of the checks that a plan must have passed before it is applied (see `Plan.check`); none
                when left out.

        Raises:
            ArgonError: `LIMIT_EXCEEDED` for more than 64 checks, `NAME_INVALID`.
        """
        self.info = self._client.change(
            "branch.protect",
            project=self.project,
            name=self.name,
            protect=protect,
            **given(checks=None if checks is None else list(checks)),
        )
        return self

    def rename(self, to: str) -> Branch:
        """Gives the branch another name."""
        return Branches(self._client, self.project).rename(self.name, to)

    def delete(self) -> protocol.BranchDeleteResult:
        """Deletes the branch."""
        return Branches(self._client, self.project).delete(self.name)

    def log(self, *, before: int | None = None, limit: int | None = None) -> protocol.LogResult:
        """Entries of this branch and its ancestors, newest first."""
        return self._client.project(self.project).log(self.name, before=before, limit=limit)

    def db(self) -> Any:
        """A pymongo `Database` of this branch."""
        state = self._client.project(self.project).resolve(self.name)
        return self._client.database(state["database"])
