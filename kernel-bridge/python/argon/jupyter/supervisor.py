"""Keeps the bridge: starts it on first need, restarts it when it ends, ends it with the server."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import threading
import time
from typing import Any, Literal, TypedDict

from ..errors import ArgonError
from ..launch import BridgeProcess, Places
from ..launch.ensure import listens

State = Literal["stopped", "starting", "running", "missing", "failed"]

BACK_OFF_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0, 15.0, 30.0)
STEADY_SECONDS = 60.0
"""A bridge that lived so long starts the back-off anew."""

MISSING_CODES = ("BRIDGE_NODE_MISSING", "BRIDGE_NODE_OLD", "BRIDGE_NOT_BUILT")
LOG_LINES = 40


class Report(TypedDict, total=False):
    """How the bridge is; what `GET /argon/bridge` answers."""

    state: State
    message: str
    code: str
    next: list[str]
    log: list[str]
    pid: int


class Supervisor:
    """One bridge for one Jupyter server."""

    def __init__(self, places: Places | None, log: logging.Logger, error: ArgonError | None = None) -> None:
        self._places = places
        self._log = log
        self._lock = asyncio.Lock()
        self._process: BridgeProcess | None = None
        self._watching: asyncio.Task[None] | None = None
        self._state: State = "stopped" if error is None else "failed"
        self._error = error
        self._tries = 0
        self._stopping = False

    def report(self) -> Report:
        """How the bridge is now."""
        state = self._state
        if state == "running" and not self._alive():
            state = "starting" if self._watching is not None else "stopped"
        if state == "stopped" and self._places is not None and listens(self._places.rpc):
            state = "running"
        report: Report = {"state": state, "message": self._message(state), "log": []}
        if self._places is not None:
            report["log"] = self._places.log_tail(LOG_LINES).splitlines()
        if self._error is not None and state in ("missing", "failed"):
            report["code"] = self._error.code
            report["next"] = self._error.next
        if self._process is not None and self._process.pid is not None and self._process.running():
            report["pid"] = self._process.pid
        return report

    @property
    def places(self) -> Places:
        """Where the bridge is. Raises ArgonError when there is no place for it."""
        if self._places is None:
            raise self._error or ArgonError("BRIDGE_UNAVAILABLE", "there is no place for the bridge")
        return self._places

    async def ensure(self) -> None:
        """Returns when a bridge listens.

        Raises:
            ArgonError: why there is none.
        """
        places = self.places
        if self._alive():
            return
        async with self._lock:
            if self._alive() or self._stopping:
                return
            await self._start(places)

    async def restart(self) -> None:
        """Ends the bridge and starts it again; a way out of `failed`."""
        await self._end()
        self._tries = 0
        await self.ensure()

    async def stop(self) -> None:
        """Ends the bridge for good."""
        self._stopping = True
        await self._end()

    def _alive(self) -> bool:
        if self._process is not None and not self._process.running():
            return False
        return self._places is not None and listens(self._places.rpc)

    async def _start(self, places: Places) -> None:
        self._state = "starting"
        process = BridgeProcess(places, owned=True)
        begun = time.monotonic()
        try:
            await asyncio.to_thread(process.start)
        except ArgonError as error:
            if error.code == "DIRECTORY_LOCKED" and await self._comes(places):
                # Somebody else keeps a bridge for this directory, which is as good.
                self._state, self._error, self._process = "running", None, None
                return
            self._error = error
            self._state = "missing" if error.code in MISSING_CODES else "failed"
            self._log.warning("Argon: %s", error)
            raise
        except BaseException:
            self._state = "stopped"
            raise
        if self._stopping:
            await asyncio.to_thread(process.stop)
            return
        self._process = process
        self._state, self._error = "running", None
        self._log.info("Argon: the bridge runs, pid %s, data %s", process.pid, places.data)
        self._watching = asyncio.create_task(self._watch(process, begun))

    async def _comes(self, places: Places) -> bool:
        until = time.monotonic() + 5
        while time.monotonic() < until:
            if listens(places.rpc):
                return True
            await asyncio.sleep(0.05)
        return False

    async def _watch(self, process: BridgeProcess, begun: float) -> None:
        """Waits for the process to end, and starts another one with a growing pause."""
        await _ended(process)
        if self._stopping or process is not self._process:
            return
        process.kill()
        if time.monotonic() - begun > STEADY_SECONDS:
            self._tries = 0
        self._log.warning("Argon: the bridge ended with code %s and is started again", process.exit_code())
        while not self._stopping and process is self._process:
            self._state = "starting"
            pause = BACK_OFF_SECONDS[min(self._tries, len(BACK_OFF_SECONDS) - 1)] * random.uniform(0.5, 1)
            self._tries += 1
            await asyncio.sleep(pause)
            with contextlib.suppress(ArgonError):
                # What is in the way stands in the report; the next try may find it gone.
                await self.ensure()
                return

    async def _end(self) -> None:
        """Ends what runs, after what is just starting."""
        watching, self._watching = self._watching, None
        if watching is not None:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching
        async with self._lock:
            process, self._process = self._process, None
            if process is not None:
                await asyncio.to_thread(process.stop)
            if self._error is None:
                self._state = "stopped"

    def _message(self, state: State) -> str:
        if self._error is not None and state in ("missing", "failed"):
            hints = "; ".join(self._error.next)
            text = self._error.message[:1].upper() + self._error.message[1:]
            return f"{text}. {hints[:1].upper()}{hints[1:]}." if hints else f"{text}."
        words: dict[State, str] = {
            "stopped": "The bridge does not run. It starts when it is needed.",
            "starting": "The bridge is starting.",
            "running": "The bridge runs.",
            "missing": "The bridge is missing.",
            "failed": "The bridge does not start.",
        }
        return words[state]


async def _ended(process: BridgeProcess) -> None:
    """Waits on a thread of its own, so that neither the loop nor its pool of threads is held."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def tell() -> None:
        if not done.done():
            done.set_result(None)

    def wait() -> None:
        process.wait()
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(tell)

    threading.Thread(target=wait, name="argon-supervisor", daemon=True).start()
    await done


def report_error(error: ArgonError) -> dict[str, Any]:
    """An error as JSON."""
    return {"code": error.code, "message": error.message, "next": error.next}
