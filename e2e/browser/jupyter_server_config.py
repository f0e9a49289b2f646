"""JupyterLab for the browser suite: Galata's helpers, a fixed token, folders of its own, nobody else's port."""

import os

from jupyterlab.galata import configure_jupyter_server

c = get_config()  # type: ignore[name-defined]  # noqa: F821
configure_jupyter_server(c)

c.ServerApp.ip = "127.0.0.1"
c.ServerApp.port = int(os.environ["ARGON_E2E_PORT"])
c.ServerApp.root_dir = os.environ["ARGON_E2E_ROOT"]
c.ServerApp.allow_root = True
c.ServerApp.disable_check_xsrf = False
c.IdentityProvider.token = os.environ["ARGON_E2E_TOKEN"]
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.news_url = None
