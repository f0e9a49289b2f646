"""Who may talk to the bridge through the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_core.utils import ensure_async
from tornado import web

from .supervisor import Supervisor

if TYPE_CHECKING:
    from jupyter_server.base.handlers import JupyterHandler

AUTH_RESOURCE = "argon"


async def authorize(handler: JupyterHandler, action: str) -> None:
    """Refuses who is not signed in (403) or not allowed to do `action`, one of read, write, execute."""
    user = handler.current_user
    if not user:
        raise web.HTTPError(403)
    if handler.authorizer is not None and not await ensure_async(
        handler.authorizer.is_authorized(handler, user, action, AUTH_RESOURCE)
    ):
        raise web.HTTPError(403)


def supervisor_of(settings: dict[str, Any]) -> Supervisor:
    """The supervisor of this server."""
    supervisor: Supervisor = settings["argon_supervisor"]
    return supervisor
