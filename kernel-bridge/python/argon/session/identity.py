"""Who this process is: which kernel, which notebook, which person."""

from __future__ import annotations

import getpass
import hashlib
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
    inherited: bool = False
    """Whether the session is that of the kernel that started us."""


def identify() -> Identity:
    """The identity of this process. A kernel that is restarted is the same kernel again."""
    actor = actor_name()
    name = _kernel_name()
    if name is not None:
        return Identity(f"kernel-{name}", "kernel", actor, _kernel_id(), _notebook())
    inherited = os.environ.get(SESSION_VARIABLE)
    if inherited:
        return Identity(inherited, "script", actor, inherited=True)
    return Identity(f"script-{uuid.uuid4().hex[:12]}", "script", actor, None, _notebook())


def actor_name() -> str:
    """Who works here, as the log names them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"


def _shell() -> Any:
    """The IPython shell of this process, if it is one; does not import IPython."""
    module = sys.modules.get("IPython")
    return None if module is None else module.get_ipython()


def _kernel() -> Any:
    """The IPython kernel of this process, if it is one."""
    return getattr(_shell(), "kernel", None)


def _kernel_id() -> str | None:
    """The id Jupyter gave this kernel, from the name of its connection file: `kernel-<id>.json`."""
    file = str(getattr(getattr(_kernel(), "parent", None), "connection_file", "") or "")
    found = re.fullmatch(r"kernel-([\w-]+)\.json", Path(file).name)
    return found[1] if found else None


def _kernel_name() -> str | None:
    """What stays the same when the kernel is restarted: its id, else the secret it signs with, hashed."""
    kernel = _kernel()
    if kernel is None:
        return None
    key = getattr(getattr(kernel, "session", None), "key", b"") or uuid.uuid4().bytes
    return _kernel_id() or hashlib.sha256(b"argon session " + key).hexdigest()[:24]


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
        # The directory may be reached through a link; the notebook itself keeps its name.
        real = Path(os.path.realpath(path.parent)) / path.name
        if real.is_relative_to(root):
            return real.relative_to(root).as_posix()
    return path.as_posix()
