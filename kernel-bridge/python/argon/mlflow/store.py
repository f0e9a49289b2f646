"""Where runs are logged, and which of them were deleted there for good."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from .. import protocol
from ..client import Project
from ..errors import ArgonError
from ..session import Session

TRACKING_FACT = "tracking"
"""The fact of a run that says where it was logged; the bridge, which asks servers itself, knows it by this name."""

RUNS_AT_ONCE = 1_000

DELETED = "RESOURCE_DOES_NOT_EXIST"


def place_of(tracking_uri: str) -> str:
    """A tracking URI without credentials, query and trailing slashes; a path is absolute.

    Two that mean one store are alike, and it may be shown.
    """
    parts = urlsplit(tracking_uri)
    if not parts.scheme or parts.scheme == "file":
        return str(Path(parts.path or ".").resolve())
    host = parts.netloc.rpartition("@")[2]
    path = parts.path
    if parts.scheme.startswith("sqlite") and path.startswith("/") and not path.startswith("//"):
        # sqlite:///name is relative to where we are, sqlite:////name is not.
        path = "/" + str(Path(path[1:]).resolve())
    return f"{parts.scheme}://{host}{path}".rstrip("/")


def is_there(tracking_uri: str) -> bool:
    """False for a local store that nobody has made yet: MLflow would make an empty one just to look into it."""
    place = place_of(tracking_uri)
    if place.startswith("sqlite:///"):
        return Path(place.removeprefix("sqlite:///")).exists()
    return "://" in place or Path(place).exists()


_left_at: dict[tuple[str, str], str] = {}
"""Runs that a sweep had come to when its time was over, by store and project."""


def release_deleted(
    session: Session, tracking_uri: str, project: str | None = None, *, seconds: float | None = None
) -> list[str]:
    """Lets go of the states of runs that are gone from this store (`mlflow gc`), and tells their ids.

    A run that is only marked as deleted can come back, and keeps its state.

    Args:
        session: who asks.
        tracking_uri: the store.
        project: only this one.
        seconds: how long it may take; the next sweep goes on from there. Default: until all runs were looked at.

    Raises:
        ArgonError: `BRIDGE_…`. A store that cannot be asked releases nothing.
    """
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    place = place_of(tracking_uri)
    client = MlflowClient(tracking_uri)
    until = None if seconds is None else time.monotonic() + seconds
    released: list[str] = []
    names = [project] if project is not None else [one["name"] for one in session.client.projects.list()]
    for name in names:
        last = _left_at.pop((place, name), None)
        for run in _runs_after(session.client.project(name), last):
            if until is not None and time.monotonic() > until:
                if last is not None:
                    _left_at[place, name] = last
                return released
            last = run["id"]
            if run["facts"].get(TRACKING_FACT) != place or "releasedAt" in run:
                continue
            try:
                client.get_run(last)
            except MlflowException as error:
                if error.error_code != DELETED:
                    return released
                with suppress(ArgonError):
                    session.client.call("run.release", project=name, run=last)
                    released.append(last)
    return released


def _runs_after(project: Project, after: str | None) -> Iterator[protocol.Run]:
    """All runs behind one, in pages; all of them when there is no such run any more."""
    while True:
        try:
            page = project.run_page(after=after, limit=RUNS_AT_ONCE)
        except ArgonError as error:
            if error.code != "RUN_NOT_FOUND" or after is None:
                raise
            after = None
            continue
        yield from page["runs"]
        after = page.get("next")
        if after is None:
            return
