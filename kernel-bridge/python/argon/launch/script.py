"""Finds the program of the bridge."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import ArgonError

PACKAGE = Path(__file__).resolve().parent.parent


def find_script() -> Path:
    """The bridge's script: `$ARGON_BRIDGE`, the build of the checkout this package lies in, the packaged one.

    Raises:
        ArgonError: `BRIDGE_NOT_BUILT` when there is none.
    """
    given = os.environ.get("ARGON_BRIDGE")
    if given:
        if Path(given).is_file():
            return Path(given)
        raise ArgonError(
            "BRIDGE_NOT_BUILT",
            f"ARGON_BRIDGE is {given}, which is not a file",
            next=["set ARGON_BRIDGE to the bridge's main.js, or unset it"],
        )
    candidates = [PACKAGE / "bridge" / "main.js"]
    checkout = PACKAGE.parents[1]
    if (checkout / "bin" / "argon.js").is_file():
        # In a checkout the package is installed in place; what was built last is what its owner means.
        candidates.append(checkout / "dist" / "main.js")
    built = [candidate for candidate in candidates if candidate.is_file()]
    if not built:
        raise ArgonError(
            "BRIDGE_NOT_BUILT",
            "the bridge is not built",
            next=["npm run build   (in the checkout)", "or install the wheel, which contains it"],
        )
    return max(built, key=lambda path: path.stat().st_mtime)
