"""Tells the bridge which cell runs, and MLflow runs what their cell read."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import Any

from ..session import active_session
from ..session.aftermath import make_runs_known, tell_runs


class CellHooks:
    """Listens to the shell. A cell inside a cell (`%run`, `%%capture`) belongs to the outer one."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._running: list[Any] = []
        self._adopted = False

    def register(self) -> None:
        """Begins to listen."""
        self._shell.events.register("pre_run_cell", self.before)
        self._shell.events.register("post_run_cell", self.after)

    def unregister(self) -> None:
        """Ends it."""
        for event, listener in (("pre_run_cell", self.before), ("post_run_cell", self.after)):
            with suppress(ValueError):
                self._shell.events.unregister(event, listener)
        if self._running or self._adopted:
            # Nobody would tell the end of the cell that takes us out.
            self._running.clear()
            self._adopted = False
            self._end()

    def before(self, info: Any) -> None:
        """A cell starts."""
        self._running.append(info)
        if len(self._running) == 1:
            number = self._number() if info.store_history else None
            self._begin(info.raw_cell or "", getattr(info, "cell_id", None), number)

    def after(self, result: Any) -> None:
        """A cell ended, or a cell that never started (an empty one) was skipped."""
        info = result.info
        if self._adopted and not self._running:
            self._adopted = False
            self._end()
            return
        if not any(info is running for running in self._running):
            return
        while self._running:
            if self._running.pop() is info:
                break
        if not self._running:
            self._end()

    def begin_running_cell(self) -> None:
        """The cell that loads the extension has started already."""
        if self._running:
            return
        cell = None
        with suppress(Exception):
            cell = self._shell.kernel.get_parent("shell")["metadata"].get("cellId")
        self._adopted = True
        self._begin("", cell, self._number())

    def _begin(self, source: str, cell: str | None, number: int | None) -> None:
        session = active_session()
        if session is None:
            return
        digest = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()
        session.begin_cell(cell or f"source-{digest[:16]}", number, digest)

    def _end(self) -> None:
        session = active_session()
        make_runs_known()
        tell_runs(None if session is None else session.end_cell())

    def _number(self) -> int | None:
        # Newer shells count on before a cell runs, older ones after it; their display hook knows which.
        number = getattr(self._shell.displayhook, "prompt_count", None)
        return number if isinstance(number, int) else None
