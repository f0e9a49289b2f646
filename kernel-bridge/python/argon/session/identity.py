"""Who this process is: which kernel, which notebook, which person."""

from __future__ import annotations

import getpass
import os
import re
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SESSION_VARIABLE = "ARGON_SESSION"
"""Lets a subprocess of a cell work in the session of its kernel."""

NOTEBOOK_ROOT_VARIABLE = "ARGON_NOTEBOOK_ROOT"
"""Set by the server extension: notebooks are called as the page calls them, relative to this directory."""


@dataclass(frozen=True)
class Identity:
    """What the bridge is told when the session opens."""

    session: str
    kind: str
    actor: str
    kernel: str | None = None
    notebook: str | None = None


def identify() -> Identity:
    """The identity of this process. A kernel that is restarted is the same kernel again."""
    actor = _actor()
    kernel = _kernel()
    if kernel is not None:
        return Identity(f"kernel-{kernel}", "kernel", actor, kernel, _notebook())
    inherited = os.environ.get(SESSION_VARIABLE)
    if inherited:
        return Identity(inherited, "script", actor)
    return Identity(f"script-{uuid.uuid4().hex[:12]}", "script", actor, None, _notebook())


def _actor() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"


def _shell() -> Any:
    """The IPython shell of this process, if it is one; does not import IPython."""
    module = sys.modules.get("IPython")
    return None if module is None else module.get_ipython()


def _kernel() -> str | None:
    """The id Jupyter gave this kernel, from the name of its connection file: `kernel-<id>.json`."""
    kernel = getattr(_shell(), "kernel", None)
    parent = getattr(kernel, "parent", None)
    name = Path(str(getattr(parent, "connection_file", "") or "")).name
    found = re.fullmatch(r"kernel-(.+)\.json", name)
    if found:
        return found[1]
    return None if kernel is None else uuid.uuid4().hex


def _notebook() -> str | None:
    given = os.environ.get("JPY_SESSION_NAME")
    shell = _shell()
    if not given and shell is not None:
        given = shell.user_ns.get("__vsc_ipynb_file__") or shell.user_ns.get("__session__")
    if not given:
        return None
    root = os.environ.get(NOTEBOOK_ROOT_VARIABLE)
    path = Path(str(given))
    if root and path.is_absolute():
        try:
            return path.relative_to(root).as_posix()
        except ValueError:
            return path.as_posix()
    return path.as_posix()
