"""Where a data directory is, and where the bridge that owns it listens."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..errors import ArgonError

SOCKET_PATH_BYTES_MAX = 95
"""The kernel takes 107 bytes for the path of a unix socket, macOS 103; our own `need-PID.sock` is 8 longer."""

DIGEST_DIGITS = 12
"""Hex digits that name the directory of one bridge's sockets."""


@dataclass(frozen=True)
class Places:
    """The data directory, and the private directory with the sockets of its bridge."""

    data: Path
    runtime: Path

    @property
    def rpc(self) -> Path:
        """Unix socket of the control plane."""
        return self.runtime / "rpc.sock"

    @property
    def wire(self) -> Path:
        """Unix socket of the MongoDB wire protocol."""
        return self.runtime / "wire.sock"

    @property
    def log(self) -> Path:
        """What the bridge printed."""
        return self.runtime / "bridge.log"

    @property
    def start_lock(self) -> Path:
        """Held by whoever starts the bridge, so that two kernels start one."""
        return self.runtime / "start.lock"

    @property
    def wire_uri(self) -> str:
        """MongoDB connection string without a database."""
        return f"mongodb://{quote(str(self.wire), safe='')}/"

    def facts(self) -> dict[str, Any] | None:
        """What the running bridge wrote about itself, or None."""
        try:
            facts = json.loads((self.runtime / "bridge.json").read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return facts if isinstance(facts, dict) else None

    def log_tail(self, lines: int = 20) -> str:
        """The end of what the bridge printed."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - 16_384))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])


def data_directory() -> Path:
    """`$ARGON_DATA`, or `~/.argon`."""
    given = os.environ.get("ARGON_DATA")
    return Path(given).expanduser() if given else Path.home() / ".argon"


def runtime_base() -> Path:
    """`$ARGON_RUNTIME_DIR`, else `$XDG_RUNTIME_DIR/argon` if that is ours, else `<tmpdir>/argon-<uid>`.

    `/tmp` takes the place of the last two where they are too long for a socket. The rule of the bridge's
    `socketDirectory`, because both sides must come to the same place.
    """
    given = os.environ.get("ARGON_RUNTIME_DIR")
    if given:
        return Path(given).absolute()
    name = f"argon-{os.getuid()}"
    xdg = os.environ.get("XDG_RUNTIME_DIR")
    if xdg and _is_ours(xdg):
        usual = Path(xdg) / "argon"
    else:
        # The rule of Node's os.tmpdir().
        found = next((os.environ[key] for key in ("TMPDIR", "TMP", "TEMP") if os.environ.get(key)), "/tmp")
        usual = Path(found.rstrip("/") or "/") / name
    longest = usual / ("0" * DIGEST_DIGITS) / "wire.sock"
    return usual if len(os.fsencode(longest)) <= SOCKET_PATH_BYTES_MAX else Path("/tmp") / name


def _is_ours(directory: str) -> bool:
    """`su` and containers leave the runtime directory of somebody else, or of nobody, in the environment."""
    try:
        facts = Path(directory).stat()
    except OSError:
        return False
    return stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid()


def places(data: str | os.PathLike[str] | None = None) -> Places:
    """The places of a data directory (default: `data_directory()`), which is made when missing.

    Raises:
        ArgonError: `BRIDGE_DIRECTORY` when a directory cannot be made or belongs to somebody else.
    """
    directory = Path(data).expanduser() if data is not None else data_directory()
    base = runtime_base()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory = Path(os.path.realpath(directory))
        runtime = base / hashlib.sha256(os.fsencode(directory)).hexdigest()[:DIGEST_DIGITS]
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        runtime.mkdir(mode=0o700, exist_ok=True)
        _refuse_strangers(runtime)
    except OSError as error:
        raise ArgonError(
            "BRIDGE_DIRECTORY",
            f"cannot use {error.filename or directory}: {error.strerror or error}",
            next=["set ARGON_DATA (and ARGON_RUNTIME_DIR for the sockets) to directories you can write"],
        ) from None
    return Places(directory, runtime)


def _refuse_strangers(directory: Path) -> None:
    """A socket directory in a shared /tmp may have been laid there by another user: never talk through it."""
    facts = directory.lstat()
    above = directory.parent.stat()
    ours = stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid() and above.st_uid in (os.getuid(), 0)
    shared = stat.S_IMODE(above.st_mode) & 0o022 and not above.st_mode & stat.S_ISVTX
    if not ours or shared:
        raise ArgonError(
            "BRIDGE_DIRECTORY",
            f"{directory} belongs to another user or can be written by others, so it cannot hold Argon's sockets",
            next=["set ARGON_RUNTIME_DIR to a directory of your own with mode 0700"],
        )
