"""What a run of an experiment sees when it starts: the state of the data, where it was started, and in which words."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from .. import protocol
from ..client.parameters import given
from ..errors import ArgonError
from . import mongo
from .session import Session


@dataclass
class Seen:
    """The state a run starts on."""

    session: Session
    info: protocol.Session
    collections: protocol.RefCollectionsResult
    cell: dict[str, Any]

    @property
    def state(self) -> protocol.State:
        """The state the run saw first."""
        return self.collections["state"]

    @property
    def ref(self) -> str:
        """A ref for that state; a pin or run stays what it is, because its branch may be gone."""
        given = self.info.get("ref", "")
        return given if given.startswith(("pin:", "run:")) else self.state["ref"]

    def tags(self) -> dict[str, str]:
        """The facts by the names that MLflow tags and others carry: `argon.project`, `argon.lsn` …"""
        state = self.state
        tags: dict[str, Any] = {
            "argon.project": state["project"],
            "argon.branch": state.get("branch"),
            "argon.lsn": state["lsn"],
            "argon.timeline": state["timeline"],
            "argon.digest": self.collections["digest"],
            "argon.notebook": self.info.get("notebook"),
            "argon.cell": self.cell.get("id"),
            "argon.uri": mongo.address_of(self.session.link, _frozen(state)),
        }
        return {name: str(value) for name, value in tags.items() if value is not None and value != ""}

    def place(self) -> dict[str, str]:
        """Where the run was started, as facts for the bridge. Told by us: the cell may have ended when it hears of it."""
        facts = {
            "notebook": self.info.get("notebook"),
            "cell": self.cell.get("id"),
            "cellNumber": self.cell.get("number"),
            "source": self.cell.get("source"),
        }
        return {name: str(value) for name, value in facts.items() if value}

    def end(self) -> dict[str, str]:
        """Where the branch is now, and whether it moved since: `argon.lsn_end` and `argon.moved`."""
        branch = self.state.get("branch")
        if not self.state["writable"] or branch is None:
            return {"argon.lsn_end": str(self.state["lsn"]), "argon.moved": "false"}
        try:
            end = self.session.client.project(self.state["project"]).resolve(branch)
        except ArgonError:
            return {"argon.moved": "true"}
        moved = end["timeline"] != self.state["timeline"] or end["lsn"] != self.state["lsn"]
        return {"argon.lsn_end": str(end["lsn"]), "argon.moved": str(moved).lower()}


def see(session: Session, seconds: float) -> Seen | None:
    """What a run of this session would see now; None where no project is open.

    Raises:
        ArgonError: `BRIDGE_UNAVAILABLE` when there is no answer within `seconds`; `HISTORY_GONE`.
    """
    end = time.monotonic() + seconds
    info = session.info(deadline=seconds)
    if not info.get("project") or not info.get("ref"):
        return None
    collections: protocol.RefCollectionsResult = session.link.call(
        "ref.collections",
        {"project": info["project"], "ref": info["ref"]},
        deadline=max(0.0, end - time.monotonic()),
    )
    return Seen(session, info, collections, session.running_cell or given(id=info.get("cell")))


def see_again(session: Session, kept: protocol.Run) -> Seen:
    """What a run saw that this session takes up again.

    Raises:
        ArgonError: `HISTORY_GONE` where what it saw is not kept any more.
    """
    collections: protocol.RefCollectionsResult = session.link.call(
        "ref.collections", {"project": kept["project"], "ref": f"run:{kept['id']}"}
    )
    info = session.info()
    state = collections["state"]
    if "branch" in kept:
        # The state itself is a past one. Its branch may have moved, unless we are where the run was and cannot write.
        state["branch"] = kept["branch"]
        state["writable"] = info["writable"] or info.get("ref") != f"{kept['branch']}@{kept['lsn']}"
    return Seen(session, info, collections, session.running_cell or given(id=info.get("cell")))


def _frozen(state: protocol.State) -> str:
    """The database of the very state: that of a branch alone would move on."""
    database = state["database"]
    return f"{database}:{state['lsn']}" if state["writable"] else database
