"""Where runs are logged, and which of them were deleted there for good."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from ..errors import ArgonError
from ..session import Session

TRACKING_FACT = "tracking"
"""The fact of a run that says where it was logged; the bridge, which asks servers itself, knows it by this name."""

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


def release_deleted(session: Session, tracking_uri: str, project: str | None = None) -> list[str]:
    """Lets go of the states of runs that are gone from this store (`mlflow gc`), and tells their ids.

    A run that is only marked as deleted can come back, and keeps its state.

    Raises:
        ArgonError: `BRIDGE_…`. A store that cannot be asked releases nothing.
    """
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    place = place_of(tracking_uri)
    client = MlflowClient(tracking_uri)
    released: list[str] = []
    names = [project] if project is not None else [one["name"] for one in session.client.projects.list()]
    for name in names:
        for run in session.client.project(name).runs(limit=1000):
            if run["facts"].get(TRACKING_FACT) != place or "releasedAt" in run:
                continue
            try:
                client.get_run(run["id"])
            except MlflowException as error:
                if error.error_code != DELETED:
                    return released
                with suppress(ArgonError):
                    session.client.call("run.release", project=name, run=run["id"])
                    released.append(run["id"])
    return released
