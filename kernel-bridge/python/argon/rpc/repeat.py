"""Which requests may be sent again when the connection ended before the reply came."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from ..errors import ArgonError

REPEATABLE = frozenset(
    {
        "blame",
        "branch.get",
        "branch.list",
        "branch.protect",
        "changes",
        "diff",
        "documents.cancel",
        "documents.compare",
        "documents.count",
        "documents.find",
        "documents.statistics",
        "feed",
        "hello",
        "history",
        "keeping.automatic",
        "keeping.backup",
        "keeping.compact",
        "keeping.gc",
        "keeping.retention",
        "keeping.setRetention",
        "keeping.verify",
        "lineage.graph",
        "log",
        "merge.overlap",
        "merge.plan",
        "pick.plan",
        "pin.list",
        "plan.again",
        "plan.answer",
        "plan.check",
        "plan.conflicts",
        "plan.documents",
        "plan.get",
        "plan.list",
        "project.list",
        "ref.collections",
        "ref.resolve",
        "restore.plan",
        "restore.preview",
        "run.affected",
        "run.get",
        "run.list",
        "run.register",
        "run.release",
        "run.update",
        "session.cells",
        "session.checkout",
        "session.close",
        "session.get",
        "session.list",
        "session.open",
        "session.stale",
        "status",
        "subscribe",
        "undo.plan",
        "unsubscribe",
    }
)
"""Reading, or with the same outcome when done twice. A second plan is only a plan."""

Call = Callable[[str, dict[str, Any]], Any]


def outcome_after_repeat(
    call: Call, method: str, params: dict[str, Any], begun: datetime, refused: ArgonError
) -> Any:
    """The result of a request whose first sending did take effect, seen from the refusal of the second.

    Raises:
        ArgonError: `refused`, when it does not tell that the first sending took effect.
    """
    if method == "plan.apply" and refused.code == "PLAN_APPLIED":
        return call("plan.get", {"project": params["project"], "id": params["id"]})
    if method == "branch.create" and refused.code == "BRANCH_EXISTS":
        branch = call("branch.get", {"project": params["project"], "name": params["name"]})
        if _made_since(branch, begun):
            return branch
    if method == "pin.create" and refused.code == "PIN_EXISTS":
        for pin in call("pin.list", {"project": params["project"]}):
            if pin["name"] == params["name"] and _made_since(pin, begun):
                return pin
    if method == "project.create" and refused.code == "PROJECT_EXISTS":
        for project in call("project.list", {}):
            if project["name"] == params["name"] and _made_since(project, begun):
                return project
    if method == "branch.rename" and refused.code == "BRANCH_NOT_FOUND":
        return call("branch.get", {"project": params["project"], "name": params["to"]})
    if method == "pin.delete" and refused.code == "PIN_NOT_FOUND":
        return None
    raise refused


REPEATABLE_WITH_CARE = frozenset(
    {"plan.apply", "branch.create", "pin.create", "project.create", "branch.rename", "pin.delete"}
)
"""Sent again too; a refusal then means that the first sending took effect (see `outcome_after_repeat`)."""


def _made_since(thing: dict[str, Any], begun: datetime) -> bool:
    made = datetime.fromisoformat(thing["createdAt"].replace("Z", "+00:00"))
    # The bridge rounds to milliseconds; both clocks are of one machine.
    return made.replace(microsecond=made.microsecond // 1000 * 1000) >= begun.astimezone(
        timezone.utc
    ).replace(microsecond=begun.microsecond // 1000 * 1000)
