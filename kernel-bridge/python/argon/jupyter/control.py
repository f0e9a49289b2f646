"""`GET /argon/bridge` says how the bridge is; `POST` starts or restarts it."""

from __future__ import annotations

from typing import Any

from jupyter_server.base.handlers import APIHandler
from tornado import web

from ..errors import ArgonError
from .guard import AUTH_RESOURCE, authorize, supervisor_of
from .supervisor import Supervisor


class BridgeHandler(APIHandler):
    """State, message, log; start and restart."""

    auth_resource = AUTH_RESOURCE

    @property
    def supervisor(self) -> Supervisor:
        """The supervisor of this server."""
        return supervisor_of(self.settings)

    @web.authenticated
    async def get(self) -> None:
        """How the bridge is."""
        await authorize(self, "read")
        self._answer()

    @web.authenticated
    async def post(self) -> None:
        """`{"action": "start" | "restart"}`; answers how the bridge is then."""
        await authorize(self, "execute")
        body: Any = self.get_json_body()
        action = body.get("action") if isinstance(body, dict) else None
        if action not in ("start", "restart"):
            raise web.HTTPError(400, 'action is "start" or "restart"')
        try:
            await (self.supervisor.restart() if action == "restart" else self.supervisor.ensure())
        except ArgonError as error:
            self.log.debug("Argon: %s", error)
        self._answer()

    def _answer(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.finish(dict(self.supervisor.report()))
