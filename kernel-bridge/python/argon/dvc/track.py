"""Lets DVC know an export."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import ArgonError, package_missing
from .files import Facts, replaced

SAID_LENGTH_MAX = 2_000


def stage(folder: Path, command: list[str], facts: Facts) -> Path:
    """A stage of dvc.yaml that makes the export again: each `dvc repro` looks, and goes on only from what changed.

    Raises:
        ArgonError: `PACKAGE_MISSING`, `DVC_FAILED`.
    """
    _dvc("root")
    name = "argon-" + re.sub(r"[^A-Za-z0-9_-]+", "-", folder.as_posix()).strip("-")
    # Not by `dvc stage add`, which leaves quotes and backticks of its arguments to the shell.
    with _edited(Path("dvc.yaml")) as known:
        known.setdefault("stages", {})[name] = {
            "desc": "Exports a branch of Argon again when it has moved.",
            "cmd": _literal(shlex.join(command)),
            "always_changed": True,
            "outs": [{_literal(folder.as_posix()): {"persist": True}}],
            "meta": {
                "argon": {"project": _literal(facts["project"]), "ref": _literal(facts["ref"].split("@")[0])}
            },
        }
    _dvc("commit", "--quiet", "--force", name)
    return Path("dvc.yaml")


def add(folder: Path, facts: Facts) -> Path:
    """A `.dvc` file with the ref and the digests in its `meta`.

    Raises:
        ArgonError: `PACKAGE_MISSING`, `DVC_FAILED`.
    """
    _dvc("add", "--quiet", folder.as_posix())
    target = folder.with_name(f"{folder.name}.dvc")
    with _edited(target) as known:
        # Kept by DVC, through later `dvc add` too.
        known["meta"] = {
            "argon": {
                "project": facts["project"],
                "ref": facts["ref"],
                "lsn": facts["lsn"],
                "timeline": facts["timeline"],
                "digests": {name: one["digest"] for name, one in facts["collections"].items()},
            }
        }
    return target


@contextmanager
def _edited(path: Path) -> Iterator[Any]:
    """A file of DVC as it is parsed; written back with its comments. The library is the one DVC itself uses."""
    from ruamel.yaml import YAML

    yaml = YAML()
    known = yaml.load(path.read_text("utf-8")) if path.exists() else None
    known = {} if known is None else known
    yield known
    with replaced(path) as file:
        yaml.dump(known, file)


def _literal(text: str) -> str:
    """Without what DVC would fill in."""
    return text.replace("${", "\\${")


def _dvc(*args: str) -> None:
    if importlib.util.find_spec("dvc") is None:
        raise package_missing(
            "dvc", "pip install dvc", "or export(…, track=False), which only writes the folder"
        )
    done = subprocess.run([sys.executable, "-m", "dvc", *args], capture_output=True, text=True)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()[-SAID_LENGTH_MAX:]
        raise ArgonError(
            "DVC_FAILED",
            f"dvc {args[0]} failed: {said or f'code {done.returncode}'}",
            next=["dvc init" if "not inside of a DVC repository" in said else "dvc doctor"],
        )
