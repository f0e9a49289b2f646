"""What a verb needs to do its work."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from typing import Any

from ..client import Branch, Project
from ..session import Session, current_session
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

    @property
    def project(self) -> Project:
        """The open project."""
        return self.session.project

    def branch(self, name: str | None = None) -> Branch:
        """A branch by name, or the one that is checked out."""
        return self.project.branch(name or self.session.branch_name())

    def show(self, value: Any) -> None:
        """Shows a value beside the one the verb returns."""
        from IPython.display import display

        if getattr(self.args, "json", False) and isinstance(value, Shown):
            value = value.as_json()
        display(value)  # type: ignore[no-untyped-call]
