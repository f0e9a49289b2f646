"""Plans: a stored, reviewable merge, pick, undo or restore that is applied exactly once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .. import protocol
from .paging import pages
from .parameters import given

if TYPE_CHECKING:
    from .client import Client


class Plan:
    """A merge, a pick, an undo or a restore before, or after, it is applied."""

    def __init__(self, client: Client, info: protocol.Plan) -> None:
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

    def conflicts(self) -> Iterator[protocol.Conflict]:
        """All conflicts, page by page."""

        def ask(after: str | None) -> protocol.PlanConflictsResult:
            answer: protocol.PlanConflictsResult = self._client.call(
                "plan.conflicts", project=self.info["project"], id=self.id, **given(after=after)
            )
            return answer

        for page in pages(ask):
            yield from page["conflicts"]

    def documents(self) -> Iterator[protocol.DocumentDiff]:
        """What the plan would change, with the answers given so far."""

        def ask(after: str | None) -> protocol.PlanDocumentsResult:
            answer: protocol.PlanDocumentsResult = self._client.call(
                "plan.documents", project=self.info["project"], id=self.id, **given(after=after)
            )
            return answer

        for page in pages(ask):
            yield from page["documents"]

    def answer(self, answers: Mapping[str, protocol.Answer | None]) -> Plan:
        """Answers conflicts by their id; None takes an answer back.

        An answer is `{"take": "ours" | "theirs" | "base"}`, `{"value": <Extended JSON>}` or `{"missing": True}`.
        """
        self.info = self._client.call(
            "plan.answer",
            project=self.info["project"],
            id=self.id,
            answers=[{"conflict": conflict, "answer": answer} for conflict, answer in answers.items()],
        )
        return self

    def answer_all(self, take: str) -> Plan:
        """Answers every conflict by one rule: `"ours"` keeps what the branch has, `"theirs"` takes the other."""
        self.info = self._client.call("plan.answer", project=self.info["project"], id=self.id, all=take)
        return self

    def answer_by(self, rules: Sequence[protocol.AnswerRule]) -> Plan:
        """Answers conflicts that have no answer of their own by rules, in place of the rules before.

        A rule is `{"take": "ours" | "theirs" | "base" | "newest", "collection": …, "path": [key, …]}`; the last two
        may be left out, and a path means what is below it too. Of several that fit, the last one counts.

        Raises:
            ArgonError: `LIMIT_EXCEEDED` for more than 1,000 rules, `PLAN_APPLIED`, `PLAN_STALE`.
        """
        self.info = self._client.call(
            "plan.answer", project=self.info["project"], id=self.id, rules=list(rules)
        )
        return self

    def check(self, name: str, passed: bool = True, detail: str | None = None) -> Plan:
        """Records what a check said of the plan; the newest result of a name counts. Another answer takes it back.

        Raises:
            ArgonError: `PLAN_APPLIED`, `PLAN_STALE`, `NAME_INVALID`, `LIMIT_EXCEEDED` for a `detail` over 4 kB.
        """
        self.info = self._client.change(
            "plan.check",
            project=self.info["project"],
            id=self.id,
            name=name,
            passed=passed,
            **given(detail=detail),
        )
        return self

    def again(self) -> Plan:
        """The same plan at the heads as they are now, for one that is stale; this one stays as it is. Answers are not
        taken over: the values that they chose from may be others.

        Raises:
            ArgonError: `BRANCH_NOT_FOUND`, `HISTORY_GONE`, `NOTHING_TO_DO`.
        """
        made = self._client.change("plan.again", project=self.info["project"], id=self.id)
        return Plan(self._client, made)

    def apply(self) -> Plan:
        """Applies the plan exactly once, if no head has moved.

        Raises:
            ArgonError: `PLAN_UNANSWERED`, `CHECKS_MISSING`, `PLAN_STALE`, `PLAN_APPLIED`, `NOTHING_TO_DO`.
        """
        self.info = self._client.change("plan.apply", project=self.info["project"], id=self.id)
        return self

    def refresh(self) -> Plan:
        """Asks the bridge again: a head may have moved."""
        self.info = self._client.call("plan.get", project=self.info["project"], id=self.id)
        return self

    def to_json(self) -> dict[str, Any]:
        """The plan as plain values."""
        return dict(self.info)
