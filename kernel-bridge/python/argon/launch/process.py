"""A bridge that this process starts."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from typing import Any

from ..errors import ArgonError, printable
from .node import find_node
from .places import Places
from .script import find_script

IDLE_EXIT_SECONDS = 30
READY_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 10.0
LOCKED_EXIT_CODE = 3
LOG_BYTES_MAX = 4_000_000


class BridgeProcess:
    """Starts `node main.js serve` and waits until it is ready.

    An owned bridge lives on the far end of a pipe: when this process goes away in whatever manner, the
    pipe closes and the bridge ends. A bridge that is not owned serves whoever comes and ends when it has
    had no connection for half a minute.
    """

    def __init__(self, places: Places, *, owned: bool) -> None:
        self.places = places
        self.owned = owned
        self.ready: dict[str, Any] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id, once started."""
        return None if self._process is None else self._process.pid

    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def exit_code(self) -> int | None:
        """Its exit code, once it has ended."""
        return None if self._process is None else self._process.poll()

    def wait(self) -> None:
        """Returns when the process has ended."""
        if self._process is not None:
            self._process.wait()

    def start(self) -> dict[str, Any]:
        """Starts the process and waits for its ready line, `{"ready": true, "wire": …, "rpc": …, "pid": …}`.

        Raises:
            ArgonError: `BRIDGE_NODE_MISSING`, `BRIDGE_NODE_OLD`, `BRIDGE_NOT_BUILT`,
                `DIRECTORY_LOCKED` when another bridge owns the directory, `BRIDGE_START_FAILED`.
        """
        command = [find_node(), str(find_script()), "serve", "--data", str(self.places.data)]
        command += ["--parent-stdin"] if self.owned else ["--idle-exit", str(IDLE_EXIT_SECONDS)]
        with self._open_log() as log:
            begin = log.tell()
            try:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE if self.owned else subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=self.places.data,
                    # Its sockets shall be where we look, whatever the environment says by now.
                    env={**os.environ, "ARGON_RUNTIME_DIR": str(self.places.runtime.parent)},
                    # A group of its own: Ctrl-C in the terminal must not reach it before its clients are done.
                    start_new_session=True,
                )
            except OSError as error:
                raise self._failed(f"the bridge cannot be started: {error.strerror or error}") from None
        try:
            self.ready = self._wait_until_ready(begin)
        except BaseException:
            self.kill()
            raise
        return self.ready

    def stop(self) -> None:
        """Ends the bridge cleanly; after ten seconds with force. Returns when the process group is gone."""
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
        self._signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self.kill()

    def kill(self) -> None:
        """Ends the process group at once."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    def _open_log(self) -> Any:
        path = self.places.log
        with contextlib.suppress(OSError):
            if path.stat().st_size > LOG_BYTES_MAX:
                path.replace(path.with_suffix(".log.old"))
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        log = os.fdopen(descriptor, "ab")
        log.seek(0, os.SEEK_END)
        return log

    def _wait_until_ready(self, begin: int) -> dict[str, Any]:
        assert self._process is not None
        deadline = time.monotonic() + READY_SECONDS_MAX
        while True:
            code = self._process.poll()
            lines = self._lines(begin)
            for line in lines:
                answer = _json_object(line)
                if answer is not None and answer.get("ready") is True:
                    return answer
            if code == LOCKED_EXIT_CODE:
                raise ArgonError(
                    "DIRECTORY_LOCKED",
                    _last_message(lines) or f"another bridge uses {self.places.data}",
                    data={"directory": str(self.places.data)},
                    next=["close the other one, or set ARGON_DATA to another directory"],
                )
            if code is not None:
                reason = _last_message(lines)
                raise self._failed(
                    f"the bridge ended with code {code} while it started" + (f": {reason}" if reason else "")
                )
            if time.monotonic() > deadline:
                raise self._failed(f"the bridge was not ready after {READY_SECONDS_MAX:.0f} seconds")
            time.sleep(0.01)

    def _lines(self, begin: int) -> list[str]:
        with self.places.log.open("rb") as log:
            log.seek(begin)
            return log.read().decode("utf-8", "replace").splitlines()

    def _failed(self, message: str) -> ArgonError:
        return ArgonError(
            "BRIDGE_START_FAILED",
            message,
            data={"log": self.places.log_tail()},
            next=[f"read {self.places.log}"],
        )


def _json_object(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _last_message(lines: list[str]) -> str | None:
    """The newest sentence of an error, whether it was printed as JSON or as text."""
    for line in reversed(lines):
        if line.startswith(("    at ", "(node:", "(Use `node ")):
            # Of the stack below an unexpected fault, or a warning of Node's own.
            continue
        answer = _json_object(line)
        if answer is not None:
            error = answer.get("error", answer)
            text = error.get("message") if isinstance(error, dict) else error
        else:
            text = line
        if isinstance(text, str) and text.strip():
            return printable(text.strip().removeprefix("argon: "))
    return None
