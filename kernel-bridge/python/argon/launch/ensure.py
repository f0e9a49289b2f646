"""Comes to a running bridge: the one that runs, the one the Jupyter server keeps, or a new one."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import ArgonError
from .places import Places
from .process import BridgeProcess

ENSURE_SECONDS_MAX = 30.0

SUPERVISOR_VARIABLE = "ARGON_SUPERVISOR"
"""Names the unix socket where the Jupyter server hears that a kernel needs the bridge."""

_started: list[BridgeProcess] = []
"""Bridges this process started and does not own."""


def ensure_bridge(places: Places, seconds: float = ENSURE_SECONDS_MAX, *, asked: bool = True) -> None:
    """Returns when a bridge listens at `places`; starts one when there is none.

    Args:
        places: where.
        seconds: how long that may take.
        asked: false when nobody waits for it. A kernel whose Jupyter server is gone then starts nothing: the
            server is ending, and its kernels are next.

    Raises:
        ArgonError: `BRIDGE_UNAVAILABLE` or `BRIDGE_STARTING` when there is none in time, or why it could not be started
            (see `BridgeProcess.start`).
    """
    deadline = time.monotonic() + seconds
    if listens(places.rpc) or _ask_supervisor(places, deadline):
        return
    if not asked and os.environ.get(SUPERVISOR_VARIABLE):
        raise ArgonError("BRIDGE_UNAVAILABLE", "the Jupyter server that keeps the bridge is gone")
    with _start_lock(places.start_lock, deadline):
        while not listens(places.rpc):
            _reap()
            try:
                bridge = BridgeProcess(places, owned=False)
                bridge.start()
                _started.append(bridge)
                return
            except ArgonError as error:
                if error.code != "DIRECTORY_LOCKED" or not _wait(places, min(deadline, time.monotonic() + 5)):
                    raise


def _reap() -> None:
    """A bridge of ours that was killed stays a process, and keeps its lock, until we have asked for its end."""
    _started[:] = [bridge for bridge in _started if bridge.running()]


def listens(path: Path) -> bool:
    """Whether somebody accepts connections on a unix socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(2)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def _wait(places: Places, deadline: float) -> bool:
    """A bridge that holds the lock of the directory may not have opened its sockets yet."""
    while time.monotonic() < deadline:
        if listens(places.rpc):
            return True
        time.sleep(0.02)
    return False


def _ask_supervisor(places: Places, deadline: float) -> bool:
    """Asks the Jupyter server, which then owns the bridge. False when there is no such server."""
    address = os.environ.get(SUPERVISOR_VARIABLE)
    if not address:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(max(0.1, deadline - time.monotonic()))
        try:
            connection.connect(address)
            connection.sendall(json.dumps({"data": str(places.data)}).encode() + b"\n")
            with connection.makefile("rb") as reader:
                answer = json.loads(reader.readline() or b"{}")
        except (OSError, ValueError):
            return False
    if answer.get("error"):
        error = answer["error"]
        raise ArgonError(error["code"], error["message"], next=error.get("next", []))
    return bool(answer.get("running")) and listens(places.rpc)


@contextmanager
def _start_lock(path: Path, deadline: float) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while True:
            with suppress(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            if time.monotonic() > deadline:
                raise ArgonError(
                    "BRIDGE_STARTING",
                    "another process has been starting the bridge for too long",
                    next=["try again", f"read {path.with_name('bridge.log')}"],
                )
            time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)
