"""Plans: a stored, reviewable merge, pick, undo or restore that is applied exactly once."""

# Written by tools/client_async.py from argon/client/plan.py: change it there.

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .. import protocol
from ..client.parameters import given
from .paging import pages

if TYPE_CHECKING:
    from .client import AsyncClient


class AsyncPlan:
    """A merge, a pick, an undo or a restore before, or after, it is applied."""

    def __init__(self, client: AsyncClient, info: protocol.Plan) -> None:
        self._client = client
        self.info = info

    def __repr__(self) -> str:
        return f"Plan({self.id}, {self.info['state']}, {self.unanswered} of {self.info['conflicts']} conflicts open)"

    @property
    def id(self) -> str:
        """Its id."""
        return self.info["id"]

    @property
    def state(self) -> str:
        """open, applied or stale."""
        return self.info["state"]

    @property
    def summary(self) -> list[protocol.PlanSummary]:
        """Documents it adds, changes and deletes in each collection, and the conflicts."""
        return self.info["summary"]

    @property
    def unanswered(self) -> int:
        """Conflicts without an answer."""
        return self.info["unanswered"]

    async def conflicts(self) -> AsyncIterator[protocol.Conflict]:
        """All conflicts, page by page."""

        async def ask(after: str | None) -> protocol.PlanConflictsResult:
            answer: protocol.PlanConflictsResult = await self._client.call(
                "plan.conflicts", project=self.info["project"], id=self.id, **given(after=after)
            )
            return answer

        async for page in pages(ask):
            for each in page["conflicts"]:
                yield each

    async def documents(self) -> AsyncIterator[protocol.DocumentDiff]:
        """What the plan would change, with the answers given so far."""

        async def ask(after: str | None) -> protocol.PlanDocumentsResult:
            answer: protocol.PlanDocumentsResult = await self._client.call(
                "plan.documents", project=self.info["project"], id=self.id, **given(after=after)
            )
            return answer

        async for page in pages(ask):
            for each in page["documents"]:
                yield each

    async def answer(self, answers: Mapping[str, protocol.Answer | None]) -> AsyncPlan:
        """Answers conflicts by their id; None takes an answer back.

        An answer is `{"take": "ours" | "theirs" | "base"}`, `{"value": <Extended JSON>}` or `{"missing": True}`.
        """
        self.info = await self._client.call(
            "plan.answer",
            project=self.info["project"],
            id=self.id,
            answers=[{"conflict": conflict, "answer": answer} for conflict, answer in answers.items()],
        )
        return self

    async def answer_all(self, take: str) -> AsyncPlan:
        """Answers every conflict by one rule: `"ours"` keeps what the branch has, `"theirs"` takes the other."""
        self.info = await self._client.call("plan.answer", project=self.info["project"], id=self.id, all=take)
        return self

    async def answer_by(self, rules: Sequence[protocol.AnswerRule]) -> AsyncPlan:
        """Answers conflicts that have no answer of their own by rules, in place of the rules before.

        A rule is `{"take": "ours" | "theirs" | "base" | "newest", "collection": …, "path": [key, …]}`; the last two
        may be left out, and a path means what is below it too. Of several that fit, the last one counts.

        Raises:
            ArgonError: `LIMIT_EXCEEDED` for more than 1,000 rules, `PLAN_APPLIED`, `PLAN_STALE`.
        """
        self.info = await self._client.call(
            "plan.answer", project=self.info["project"], id=self.id, rules=list(rules)
        )
        return self

    async def check(self, name: str, passed: bool = True, detail: str | None = None) -> AsyncPlan:
        """Records what a check said of the plan; the newest result of a name counts. Another answer takes it back.

        Raises:
            ArgonError: `PLAN_APPLIED`, `PLAN_STALE`, `NAME_INVALID`, `LIMIT_EXCEEDED` for a `detail` over 4 kB.
        """
        self.info = await self._client.change(
            "plan.check",
            project=self.info["project"],
            id=self.id,
            name=name,
            passed=passed,
            **given(detail=detail),
        )
        return self

    async def again(self) -> AsyncPlan:
        """The same plan at the heads as they are now, for one that is stale; this one stays as it is. Answers are not
        taken over: the values that they chose from may be others.

        Raises:
            ArgonError: `BRANCH_NOT_FOUND`, `HISTORY_GONE`, `NOTHING_TO_DO`.
        """
        made = await self._client.change("plan.again", project=self.info["project"], id=self.id)
        return AsyncPlan(self._client, made)

    async def apply(self) -> AsyncPlan:
        """Applies the plan exactly once, if no head has moved.

        Raises:
            ArgonError: `PLAN_UNANSWERED`, `CHECKS_MISSING`, `PLAN_STALE`, `PLAN_APPLIED`, `NOTHING_TO_DO`.
        """
        self.info = await self._client.change("plan.apply", project=self.info["project"], id=self.id)
        return self

    async def refresh(self) -> AsyncPlan:
        """Asks the bridge again: a head may have moved."""
        self.info = await self._client.call("plan.get", project=self.info["project"], id=self.id)
        return self

    def to_json(self) -> dict[str, Any]:
        """The plan as plain values."""
        return dict(self.info)
