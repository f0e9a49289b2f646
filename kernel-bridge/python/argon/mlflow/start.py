"""What is known of a run at its start: the state of the data, as tags."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import mlflow

from .. import protocol
from ..client.parameters import given
from ..session import Session, active_session, mongo

TAGS_SECONDS_MAX = 0.25

CONTEXT_TAG = "argon.context"
"""Unique to one start. MLflow asks for tags before the run has an id; by this one it is found again."""


@dataclass
class Start:
    """A run from its first tags until it has ended."""

    token: str
    tracking_uri: str
    session: Session
    info: protocol.Session
    collections: protocol.RefCollectionsResult
    cell: dict[str, Any]
    begun_ms: int
    run_id: str | None = None
    logged: set[tuple[str, str]] = field(default_factory=set)
    """Name and digest of the dataset inputs logged so far."""

    @property
    def state(self) -> protocol.State:
        """The state the run saw first."""
        return self.collections["state"]

    @property
    def ref(self) -> str:
        """A ref for that state; a pin or run stays what it is, because its branch may be gone."""
        given = self.info.get("ref", "")
        return given if given.startswith(("pin:", "run:")) else self.state["ref"]


def run_starts() -> dict[str, str]:
    """The tags of a run that starts now; the rest is done beside the run, not before it."""
    session = active_session()
    if session is None:
        return {}
    end = time.monotonic() + TAGS_SECONDS_MAX
    while not session.link.connected:
        # The bridge may be on its way back; a run does not wait for it longer than this.
        if time.monotonic() > end:
            return {}
        time.sleep(0.005)
    info = session.info(deadline=end - time.monotonic())
    if not info.get("project") or not info.get("ref"):
        return {}
    collections: protocol.RefCollectionsResult = session.link.call(
        "ref.collections",
        {"project": info["project"], "ref": info["ref"]},
        deadline=max(0.0, end - time.monotonic()),
    )
    start = Start(
        token=uuid.uuid4().hex,
        tracking_uri=mlflow.get_tracking_uri(),
        session=session,
        info=info,
        collections=collections,
        cell=session.running_cell or given(id=info.get("cell")),
        begun_ms=int(time.time() * 1000),
    )
    from . import attach

    attach.follow(start)
    return _tags(start)


def _tags(start: Start) -> dict[str, str]:
    state = start.state
    tags: dict[str, Any] = {
        "argon.project": state["project"],
        "argon.branch": state.get("branch"),
        "argon.lsn": state["lsn"],
        "argon.timeline": state["timeline"],
        "argon.digest": start.collections["digest"],
        "argon.notebook": start.info.get("notebook"),
        "argon.cell": start.cell.get("id"),
        "argon.uri": mongo.address_of(start.session.link, _frozen(state)),
        CONTEXT_TAG: start.token,
    }
    return {name: str(value) for name, value in tags.items() if value is not None and value != ""}


def _frozen(state: protocol.State) -> str:
    """The database of the very state: that of a branch alone would move on."""
    database = state["database"]
    return f"{database}:{state['lsn']}" if state["writable"] else database
