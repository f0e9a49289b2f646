"""What a verb needs to do its work."""

from __future__ import annotations

import functools
from argparse import Namespace
from dataclasses import dataclass
from typing import Any

from .. import protocol
from ..client import Branch, Project
from ..session import Session, current_session
from ..session.session import no_project
from ..view import Shown


@dataclass
class Context:
    """The shell, the line that was typed, and the session."""

    shell: Any
    line: str
    cell: str | None
    args: Namespace

    @property
    def session(self) -> Session:
        """The session of this kernel; connects when needed."""
        return current_session()

    @functools.cached_property
    def here(self) -> protocol.Session:
        """Where the session was when the verb began to look: asked for once.

        Raises:
            ArgonError: `NO_PROJECT`.
        """
        info = self.session.info()
        if not info.get("project") or not (info.get("ref") or info.get("branch")):
            raise no_project()
        return info

    @property
    def ref(self) -> str:
        """What is checked out: a branch, or a past state."""
        return self.here.get("ref") or self.here["branch"]

    @functools.cached_property
    def project(self) -> Project:
        """The open project."""
        return self.session.client.project(self.here["project"])

    def branch(self, name: str | None = None) -> Branch:
        """A branch by name, or the one that is checked out."""
        return self.project.branch(name or self.session.branch_name())

    def show(self, value: Any) -> None:
        """Shows a value beside the one the verb returns."""
        from IPython.display import display

        if getattr(self.args, "json", False) and isinstance(value, Shown):
            value = value.as_json()
        display(value)  # type: ignore[no-untyped-call]
