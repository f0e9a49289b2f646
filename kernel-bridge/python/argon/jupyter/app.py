"""The extension application."""

from __future__ import annotations

import os
from typing import Any

from jupyter_server.extension.application import ExtensionApp
from traitlets import Unicode

from ..errors import ArgonError
from ..launch import places
from ..launch.ensure import SUPERVISOR_VARIABLE
from ..session.identity import NOTEBOOK_ROOT_VARIABLE
from .control import BridgeHandler
from .need import NeedListener
from .relay import RelayHandler
from .supervisor import Supervisor


class ArgonExtension(ExtensionApp):
    """Starts the bridge on first need, restarts it, and ends it with the server."""

    name = "argon"
    load_other_extensions = True

    data = Unicode("", help="The data directory; default: $ARGON_DATA, else ~/.argon.").tag(config=True)

    supervisor: Supervisor
    needs: NeedListener

    def initialize_settings(self) -> None:
        """Makes the supervisor, and tells the kernels to come where we are."""
        try:
            here = places(self.data or None)
        except ArgonError as error:
            self.log.error("Argon: %s", error)
            self.supervisor = Supervisor(None, self.log, error)
        else:
            self.supervisor = Supervisor(here, self.log)
            self.needs = NeedListener(self.supervisor, here)
            os.environ["ARGON_DATA"] = str(here.data)
            os.environ["ARGON_RUNTIME_DIR"] = str(here.runtime.parent)
        # That of a server which started us is not ours.
        os.environ.pop(SUPERVISOR_VARIABLE, None)
        root = getattr(self.serverapp, "root_dir", None)
        if root:
            os.environ[NOTEBOOK_ROOT_VARIABLE] = os.path.realpath(root)
        self.settings["argon_supervisor"] = self.supervisor

    def initialize_handlers(self) -> None:
        """Adds the two addresses."""
        self.handlers.extend([(r"/argon/rpc", RelayHandler), (r"/argon/bridge", BridgeHandler)])

    async def _start_jupyter_server_extension(self, serverapp: Any) -> None:
        """Called when the event loop runs."""
        if not hasattr(self, "needs"):
            return
        try:
            await self.needs.start()
        except OSError as error:
            # Kernels then start a bridge of their own, which ends when nobody uses it.
            self.log.warning("Argon: cannot listen at %s: %s", self.needs.path, error)
        else:
            os.environ[SUPERVISOR_VARIABLE] = str(self.needs.path)

    async def stop_extension(self) -> None:
        """Called when the server ends: no bridge of ours stays behind."""
        if hasattr(self, "needs"):
            await self.needs.stop()
        await self.supervisor.stop()
