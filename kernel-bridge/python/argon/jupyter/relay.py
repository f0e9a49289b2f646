"""`/argon/rpc`: a WebSocket through Jupyter's authentication to the bridge's unix socket."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado import web
from tornado.websocket import WebSocketClosedError, WebSocketHandler
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from ..errors import ArgonError
from .guard import AUTH_RESOURCE, authorize, supervisor_of

MESSAGE_BYTES_MAX = 64 * 1024 * 1024
GOING_AWAY = 1001
TRIES = 3


class RelayHandler(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """Passes messages both ways, at the pace of the slower side.

    `JupyterHandler` authenticates and checks Host, `WebSocketMixin` checks Origin; the upgrade is answered
    only when the bridge is there.
    """

    auth_resource = AUTH_RESOURCE

    def initialize(self) -> None:
        """Called by tornado for each request."""
        self._bridge: ClientConnection | None = None
        self._pump: asyncio.Task[None] | None = None

    def skip_check_origin(self) -> bool:
        """Never: a page of another origin does not get to the data, though it has found a token."""
        return False

    def set_default_headers(self) -> None:
        """A WebSocket has no use for the headers of a page."""

    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Authorises, dials the bridge, then upgrades."""
        await authorize(self, "execute")
        # Tornado checks the origin while it upgrades; a stranger must not start a bridge before that.
        if not self.check_origin(self.request.headers.get("Origin")):
            raise web.HTTPError(403, "the Origin header is not allowed")
        try:
            self._bridge = await self._dial()
        except ArgonError as error:
            raise web.HTTPError(503, error.message) from None
        await super().get(*args, **kwargs)

    async def open(self, *args: Any, **kwargs: Any) -> None:
        """The page is there: begins to pass on what the bridge says."""
        super().open(*args, **kwargs)
        self._pump = asyncio.create_task(self._pass_on())

    async def on_message(self, message: str | bytes) -> None:
        """What the page says. Tornado reads the next message when this is done."""
        if self._bridge is not None:
            with contextlib.suppress(ConnectionClosed):
                await self._bridge.send(message)

    def on_close(self) -> None:
        """The page is gone."""
        super().on_close()
        if self._bridge is not None:
            bridge, self._bridge = self._bridge, None
            task = asyncio.ensure_future(bridge.close())
            task.add_done_callback(lambda done: done.exception())

    def on_connection_close(self) -> None:
        """The page went away before or after the upgrade."""
        super().on_connection_close()
        self.on_close()

    async def _dial(self) -> ClientConnection:
        supervisor = supervisor_of(self.settings)
        for attempt in range(TRIES):
            await supervisor.ensure()
            try:
                return await unix_connect(
                    str(supervisor.places.rpc),
                    uri="ws://localhost/rpc",
                    compression=None,
                    max_size=MESSAGE_BYTES_MAX,
                    ping_interval=None,
                    open_timeout=10,
                    close_timeout=1,
                )
            except (OSError, WebSocketException, asyncio.TimeoutError):
                await asyncio.sleep(0.1 * (attempt + 1))
        raise ArgonError("BRIDGE_UNAVAILABLE", "the bridge does not answer")

    async def _pass_on(self) -> None:
        bridge = self._bridge
        if bridge is None:
            return
        code, reason = GOING_AWAY, "the bridge went away"
        try:
            async for message in bridge:
                await self.write_message(message, binary=isinstance(message, bytes))
        except ConnectionClosed as closed:
            if closed.rcvd is not None:
                code, reason = closed.rcvd.code, closed.rcvd.reason
        except WebSocketClosedError:
            return
        self.close(code if code != 1006 else GOING_AWAY, reason[:120])
