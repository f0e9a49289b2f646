"""What is known of a run at its start: the state of the data, as tags."""

from __future__ import annotations

import os
import sys
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType

import mlflow

from .. import protocol
from ..session import Session, active_session, current_session
from ..session.identity import SESSION_VARIABLE
from ..session.seen import Seen, see

TAGS_SECONDS_MAX = 0.25
"""How long the start of a run may wait for its tags."""

LATE_SECONDS_MAX = 10.0
"""How long an answer may take that is added to the run afterwards."""

CONTEXT_TAG = "argon.context"
"""Unique to one start. MLflow asks for tags before the run has an id; by this one it is found again."""


@dataclass
class Start:
    """A run from its first tags until it has ended."""

    token: str
    tracking_uri: str
    seen: Seen
    begun_ms: int
    run_id: str | None = None
    logged: set[tuple[str, str]] = field(default_factory=set)
    """Name and digest of the dataset inputs logged so far."""
    reads: dict[tuple[str, str], protocol.CellActivityReadsItem] = field(default_factory=dict)
    """What its cells read, by collection and digest."""
    announced: bool = False
    """Its metric has been logged."""
    ended: dict[str, str] = field(default_factory=dict)
    """What it is to say of its end, once that was seen."""
    tags_missing: bool = False
    """The answer came after the run had begun: its tags are still to be set."""

    def tags(self) -> dict[str, str]:
        """All tags that say where the run stands."""
        return {**self.seen.tags(), CONTEXT_TAG: self.token}


def run_starts() -> dict[str, str]:
    """The tags of a run that starts now; the rest is done beside the run, not before it.

    A bridge that is slow to answer costs the run `TAGS_SECONDS_MAX` and no more: then MLflow gets the
    context tag alone, and the others follow when the answer is there.
    """
    session = active_session()
    if session is None and SESSION_VARIABLE not in os.environ:
        return {}
    if not _is_for_a_run():
        seen = see(session, TAGS_SECONDS_MAX) if session is not None and session.link.connected else None
        return {} if seen is None else seen.tags()
    # Imported before the question is asked: the end of the cell looks for it.
    from .attach import follow

    question = _Question(session, uuid.uuid4().hex, mlflow.get_tracking_uri(), follow)
    return question.answer(TAGS_SECONDS_MAX)


def _is_for_a_run() -> bool:
    """Whether a run is made with the tags that are asked for.

    MLflow asks for them for other things too, that nobody should look for as a run: the source of a dataset that
    autologging notes, a logged model. Whoever asks from outside of MLflow makes a run with them.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_name != "resolve_tags":
        frame = frame.f_back
    asking = None if frame is None else frame.f_back
    return (
        asking is None
        or asking.f_code.co_name == "start_run"
        or not str(asking.f_globals.get("__name__", "")).startswith("mlflow.")
    )


_late: list[threading.Thread] = []
"""Questions whose answer did not come in time for the start of their run."""


def wait_for_late(seconds: float) -> None:
    """Waits for late answers, so that their runs are known when a cell ends."""
    end = time.monotonic() + seconds
    while _late:
        _late.pop().join(max(0.0, end - time.monotonic()))


class _Question:
    """Asks the bridge for the state a run starts on, on a thread of its own.

    Without a session this process was started by a kernel that has one, and joins it.
    """

    def __init__(
        self, session: Session | None, token: str, tracking_uri: str, follow: Callable[[Start], None]
    ) -> None:
        self._follow = follow
        self._session = session
        self._token = token
        self._tracking_uri = tracking_uri
        self._lock = threading.Lock()
        self._start: Start | None = None
        self._is_late = False
        self._begun_ms = int(time.time() * 1000)
        self._thread = threading.Thread(target=self._run, name="argon-run-start", daemon=True)
        self._thread.start()

    def answer(self, seconds: float) -> dict[str, str]:
        """The tags, when they are there in time; else those that let them be added later."""
        self._thread.join(seconds)
        with self._lock:
            start = self._start
            # Without a connection there is nothing to wait for: the run stays as MLflow made it.
            session = self._session
            may_come = session is None or session.link.connected
            self._is_late = start is None and self._thread.is_alive() and may_come
            if self._is_late:
                _late.append(self._thread)
                return {CONTEXT_TAG: self._token}
        if start is None:
            return {}
        self._follow(start)
        return start.tags()

    def _run(self) -> None:
        # A run goes on without its tags when there is no answer at all.
        with suppress(Exception):
            start = self._ask()
            with self._lock:
                self._start = start
                is_late = self._is_late
            if is_late and start is not None:
                start.tags_missing = True
                self._follow(start)

    def _ask(self) -> Start | None:
        end = time.monotonic() + LATE_SECONDS_MAX
        if self._session is None:
            self._session = current_session()
        session = self._session
        while not session.link.connected:
            # The bridge may be on its way back.
            if time.monotonic() > end:
                return None
            time.sleep(0.005)
        seen = see(session, end - time.monotonic())
        return None if seen is None else Start(self._token, self._tracking_uri, seen, self._begun_ms)
