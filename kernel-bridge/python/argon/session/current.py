"""The one session of this process."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from .. import exit as _exit  # noqa: F401, it ends the session when the process ends
from ..launch import places
from ..rpc import Link, LocalAddress
from .identity import SESSION_VARIABLE, identify
from .session import Session

_lock = threading.Lock()
_current: Session | None = globals().get("_current")
"""Kept when the module is reloaded, as %autoreload does after an upgrade: databases that are in use hang on it."""


def current_session() -> Session:
    """The session of this process; connects to the bridge, and starts it when it does not run.

    Raises:
        ArgonError: `BRIDGE_…` when there is no bridge and none can be started.
    """
    global _current
    with _lock:
        if _current is None:
            identity = identify()
            session = Session(Link(LocalAddress(places()), identity.kind), identity)
            session.open()
            if identity.kind == "script" and not identity.inherited:
                # A script is one cell: what it reads is known to its MLflow runs.
                name = Path(sys.argv[0]).name or "python"
                session.begin_cell(f"script-{name}", None, "")
            os.environ[SESSION_VARIABLE] = session.id
            _current = session
        return _current


def active_session() -> Session | None:
    """The session if there is one already; never connects."""
    return _current


def end_session() -> None:
    """Ends the session of this process; the next use opens a new one."""
    global _current
    with _lock:
        session, _current = _current, None
    if session is None:
        return
    if os.environ.get(SESSION_VARIABLE) == session.id:
        del os.environ[SESSION_VARIABLE]
    if session.identity.kind == "kernel" or session.identity.inherited:
        session.leave()
    else:
        session.close()
