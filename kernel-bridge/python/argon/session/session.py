"""A session: the project and state a kernel or script works on."""

from __future__ import annotations

from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .. import protocol
from ..client.client import Client
from ..client.parameters import given
from ..client.project import Project
from ..errors import ArgonError
from ..rpc import Link
from ..rpc.connection import Connection, Dropped
from .identity import Identity

if TYPE_CHECKING:
    from pymongo import MongoClient

CELL_SECONDS_MAX = 0.25
"""How long the mark of a cell may hold up the cell."""


class Session:
    """Says who we are on every new connection, and follows what is checked out.

    The bridge knows the truth (the panel may move the session too), so facts are asked for, not kept.
    """

    def __init__(self, link: Link, identity: Identity) -> None:
        self.identity = identity
        self.id = identity.session
        self.link = link
        self.client = Client(link=link, session=self.id)
        self._opened: protocol.Session | None = None
        self._cell: dict[str, Any] | None = None

    def open(self) -> protocol.Session:
        """Opens the session, now and on every connection to come."""
        if self._opened is None:
            self.link.keep()
            _ = self.link.hello
            self.link.greet(self._greet)
        assert self._opened is not None
        return self._opened

    def _greet(self, connection: Connection) -> None:
        before = self._opened
        opened: protocol.Session = connection.send(
            "session.open",
            given(
                id=self.id,
                kernel=self.identity.kernel,
                notebook=self.identity.notebook,
                actor=self.identity.actor,
            ),
        ).result(10)
        self.id = opened["id"]
        self.client.session = self.id
        if before is not None and before.get("project") and not opened.get("project"):
            # A bridge that has forgotten us is told where we were.
            with suppress(ArgonError):
                opened = connection.send(
                    "session.checkout",
                    {
                        "id": self.id,
                        "project": before["project"],
                        "ref": before.get("ref", before.get("branch")),
                    },
                ).result(10)
        self._opened = opened
        if self._cell is not None:
            connection.send("session.cell", {"id": self.id, "cell": self._cell})

    def info(self, *, deadline: float | None = None) -> protocol.Session:
        """Where the session is now."""
        self.open()
        info: protocol.Session = self.link.call("session.get", {"id": self.id}, deadline=deadline)
        self._opened = info
        return info

    def look(self) -> tuple[protocol.Session, protocol.State | None, protocol.Branch | None]:
        """Where the session is now, the state it sees, and the branch when that is what it sees the head of.

        Asked for together with the place of the last answer, which is right unless the panel moved the session.

        Raises:
            ArgonError: `BRANCH_NOT_FOUND`, `REF_NOT_FOUND` when what was checked out is gone; `HISTORY_GONE`.
        """
        info = self.open()
        for last in (info, None):
            info = info if last else self.info()
            project, ref, branch = info.get("project"), info.get("ref"), info.get("branch")
            requests: list[tuple[str, dict[str, Any]]] = [("session.get", {"id": self.id})]
            if project and ref:
                requests.append(("ref.resolve", {"project": project, "ref": ref}))
                if branch and info["writable"]:
                    requests.append(("branch.get", {"project": project, "name": branch}))
            try:
                now, *rest = self.link.call_together(*requests)
            except ArgonError:
                if last is None:
                    raise
                continue
            self._opened = now
            if last is None or all(
                now.get(key) == info.get(key) for key in ("project", "ref", "branch", "writable")
            ):
                return now, rest[0] if rest else None, rest[1] if len(rest) > 1 else None
        raise AssertionError("unreachable")

    @property
    def project_name(self) -> str:
        """Name of the open project.

        Raises:
            ArgonError: `NO_PROJECT`.
        """
        name = self.info().get("project")
        if not name:
            raise no_project()
        return name

    @property
    def project(self) -> Project:
        """The open project."""
        return self.client.project(self.project_name)

    @property
    def ref(self) -> str:
        """What is checked out: a branch, or a past state.

        Raises:
            ArgonError: `NO_PROJECT`.
        """
        info = self.info()
        ref = info.get("ref") or info.get("branch")
        if not info.get("project") or not ref:
            raise no_project()
        return ref

    def branch_name(self) -> str:
        """The branch that is checked out.

        Raises:
            ArgonError: `READ_ONLY` when a past state is checked out.
        """
        info = self.info()
        if not info.get("project"):
            raise no_project()
        if not info["writable"] or not info.get("branch"):
            raise ArgonError(
                "READ_ONLY",
                f"{info.get('ref')} is a past state, and this needs a branch",
                next=["%argon checkout BRANCH", "%argon branch create NAME --switch"],
            )
        return info["branch"]

    def checkout(self, ref: str, *, project: str | None = None) -> protocol.Session:
        """Moves the session to a branch (writable) or a past state (read-only)."""
        self.open()
        self._opened = self.link.call(
            "session.checkout", {"id": self.id, "ref": ref, **given(project=project)}
        )
        return self._opened

    @property
    def running_cell(self) -> dict[str, Any] | None:
        """Id, number and hash of the source of the cell that runs, if one does."""
        return self._cell

    def begin_cell(self, cell: str, number: int | None, source: str) -> None:
        """Says that a cell starts. Never holds the cell up for long, and never fails it."""
        self._cell = given(id=cell, number=number, source=source)
        self._mark(self._cell)

    def end_cell(self) -> protocol.CellActivity | None:
        """Says that the cell ended; what it did, or None when the bridge does not say in time."""
        self._cell = None
        activity: protocol.CellActivity | None = self._mark(None)
        return activity

    def _mark(self, cell: dict[str, Any] | None) -> Any:
        with suppress(ArgonError, Dropped, FutureTimeout):
            if self.link.connected:
                return self.link.call(
                    "session.cell", {"id": self.id, "cell": cell}, deadline=CELL_SECONDS_MAX
                )
        return None

    def cells(self, limit: int | None = None) -> list[protocol.CellActivity]:
        """What the cells of the session did, newest first."""
        self.open()
        answer: list[protocol.CellActivity] = self.link.call(
            "session.cells", {"id": self.id, **given(limit=limit)}
        )
        return answer

    def stale(self) -> protocol.SessionStaleResult:
        """Cells whose data has changed since they read it (`stale`), and the order to run again what must be (`plan`)."""
        self.open()
        answer: protocol.SessionStaleResult = self.link.call("session.stale", {"id": self.id})
        return answer

    @property
    def mongo(self) -> MongoClient[dict[str, Any]]:
        """The pymongo client whose connections follow this session."""
        self.open()
        return self.client.mongo

    def close(self) -> None:
        """Ends the session and its connections."""
        with suppress(ArgonError, Dropped, OSError):
            if self.link.connected:
                self.link.call("session.close", {"id": self.id}, deadline=CELL_SECONDS_MAX)
        self.leave()

    def leave(self) -> None:
        """Ends the connections; the session itself waits for the kernel to come back."""
        self.client.close()
        self.link.close()


def no_project() -> ArgonError:
    """Nothing can be done before a project is open."""
    return ArgonError(
        "NO_PROJECT", "no project is open in this session", next=["%argon init NAME", "%argon use NAME"]
    )
