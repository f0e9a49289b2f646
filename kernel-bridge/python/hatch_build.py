"""Adds to a wheel what other tools built: the labextension, and the configuration that enables the server side."""

from __future__ import annotations

import re
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LABEXTENSION = "kernel-bridge/python/argon/labextension"
BRIDGE = "kernel-bridge/python/argon/bridge/main.js"
SHARED = "share/jupyter/labextensions/jupyterlab-argon"


class ArgonBuildHook(BuildHookInterface[Any]):
    """A wheel for users must be whole; an editable install takes what is there."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before the wheel is made."""
        if self.target_name != "wheel":
            return
        root = Path(self.root)
        shared = build_data.setdefault("shared_data", {})
        shared["jupyter-config/server-config/jupyterlab-argon.json"] = (
            "etc/jupyter/jupyter_server_config.d/jupyterlab-argon.json"
        )
        built = (root / LABEXTENSION / "package.json").is_file()
        if built:
            shared[LABEXTENSION] = SHARED
            shared["install.json"] = f"{SHARED}/install.json"
        if version == "editable":
            return
        missing = [
            name for name, there in ((LABEXTENSION, built), (BRIDGE, (root / BRIDGE).is_file())) if not there
        ]
        if missing:
            raise RuntimeError(f"{' and '.join(missing)} must be built before the wheel: npm run build")
        if any((root / BRIDGE).parent.rglob("*.node")):
            # The bridge brings programs for this kind of machine, and for any Python on it.
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{re.sub(r'[-.]', '_', sysconfig.get_platform())}"
