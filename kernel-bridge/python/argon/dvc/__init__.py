"""DVC: exports of a state that DVC tracks, and makes anew when the data has moved.

    argon.dvc.export("main", "data/birds")         a stage of dvc.yaml: `dvc repro` exports again when the branch moved
    argon.dvc.export("pin:v1", "data/birds-v1")    a fixed state: data/birds-v1.dvc, with the ref and digest in it

Nothing of it is imported unless it is used. `python -m argon.dvc export …` does the same in a shell.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..client import Client
from ..errors import ArgonError
from ..session import active_session
from . import track as tracking
from .files import FACTS_FILE, Facts, write_state

__all__ = ["FACTS_FILE", "Exported", "export"]


@dataclass(frozen=True)
class Exported:
    """What an export left."""

    path: Path
    facts: Facts
    """What stands in `argon.json` of the folder: project, ref, LSN, timeline, collections with counts and digests."""

    changed: bool
    """False when the folder had the same documents already; then nothing in it was touched."""

    tracked_by: Path | None
    """The file of DVC that knows the export: `dvc.yaml`, or the `.dvc` file beside it."""


def export(
    ref: str,
    path: str | os.PathLike[str],
    *,
    collections: Sequence[str] | None = None,
    project: str | None = None,
    canonical: bool = False,
    track: bool = True,
    client: Client | None = None,
) -> Exported:
    """Writes a state into a folder, a file of JSON lines for each collection, and lets DVC track it.

    The folder gets `argon.json`, which names the ref and the digests. A folder that holds the same documents already
    is left as it is, so that `dvc repro` runs only what depends on data that changed.

    Args:
        ref: a branch, which DVC then follows by a stage that is looked at each time, or a fixed state.
        path: the folder; new, empty, or one that an export has written.
        collections: default: all of the state.
        project: default: the one that is open in the session.
        canonical: canonical Extended JSON, which keeps int32, int64 and double apart; default relaxed.
        track: False only writes the folder.
        client: default: one for the data directory.

    Raises:
        ArgonError: `NO_PROJECT`; `REF_NOT_FOUND`, `HISTORY_GONE` …; `COLLECTION_NOT_FOUND`; `EXPORT_PATH` for a folder
            with other files; `PACKAGE_MISSING` without DVC and `DVC_FAILED` with what DVC said, both after the folder
            was written.
    """
    folder = Path(path)
    if track and "${" in folder.as_posix():
        raise ArgonError(
            "EXPORT_PATH",
            f"{folder} cannot be tracked: DVC would fill in what stands in ${{…}}",
            data={"path": str(folder)},
            next=["name another folder"],
        )
    name = project or _open_project()
    own = client or Client()
    try:
        state = own.project(name).resolve(ref)
        facts, changed = write_state(own, name, state, folder, collections, canonical)
    finally:
        if client is None:
            own.close()
    tracked = None
    if track:
        command = _command(name, ref, folder, collections, canonical)
        tracked = tracking.stage(folder, command, facts) if state["writable"] else tracking.add(folder, facts)
    return Exported(folder, facts, changed, tracked)


def _command(
    project: str, ref: str, folder: Path, collections: Sequence[str] | None, canonical: bool
) -> list[str]:
    """The command that makes the export again; a stage of DVC runs it."""
    command = ["python", "-m", "argon.dvc", "export", f"--project={project}", "--no-track"]
    command += [f"--collection={one}" for one in collections or ()]
    command += ["--canonical"] if canonical else []
    return [*command, "--", ref, folder.as_posix()]


def _open_project() -> str:
    session = active_session()
    if session is None:
        raise ArgonError(
            "NO_PROJECT", "no project is open, and none was named", next=["argon.dvc.export(…, project=NAME)"]
        )
    return session.project_name
