"""Hears from a kernel that it needs the bridge, so that the server starts it, and ends it too."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from pathlib import Path

from ..errors import ArgonError
from ..launch import Places
from .supervisor import Supervisor, report_error

LINE_BYTES_MAX = 10_000


class NeedListener:
    """A unix socket beside those of the bridge. A kernel sends `{"data": DIR}` and waits for the answer."""

    def __init__(self, supervisor: Supervisor, places: Places) -> None:
        self._supervisor = supervisor
        self._places = places
        self._server: asyncio.AbstractServer | None = None
        self.path: Path = places.runtime / f"need-{os.getpid()}.sock"

    async def start(self) -> None:
        """Begins to listen. The directory is 0700 and the socket 0600: only this user gets here."""
        self._sweep()
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
        self._server = await asyncio.start_unix_server(self._answer, str(self.path), limit=LINE_BYTES_MAX)
        self.path.chmod(0o600)

    async def stop(self) -> None:
        """Ends it."""
        if self._server is not None:
            self._server.close()
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer: dict[str, object] = {}
        try:
            wanted = json.loads(await asyncio.wait_for(reader.readline(), 5))
            if wanted.get("data") == str(self._places.data):
                await self._supervisor.ensure()
                answer = {"running": True}
        except ArgonError as error:
            answer = {"error": report_error(error)}
        except (OSError, ValueError, AttributeError, asyncio.TimeoutError):
            pass
        with contextlib.suppress(OSError):
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
            writer.close()

    def _sweep(self) -> None:
        """Removes what servers that were killed left behind."""
        for path in self._places.runtime.glob("need-*.sock"):
            try:
                os.kill(int(path.stem.removeprefix("need-")), 0)
            except ProcessLookupError:
                path.unlink(missing_ok=True)
            except (ValueError, PermissionError):
                continue
