"""From a run id back to the very data the run saw."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, cast

from .. import protocol
from ..errors import ArgonError, nearest_name
from ..session import Session
from .store import is_there

_RUN_ID = re.compile(r"[0-9a-f]{32}")
"""Ids that MLflow gives to runs."""

ID_LENGTH_MIN = 4
"""So much of an id has to be given at least."""


@dataclass
class Reproduced:
    """What was opened."""

    run: protocol.Run
    session: protocol.Session
    digest: str
    where: str
    notes: list[str] = field(default_factory=list)


def reproduce(session: Session, run_id: str, *, into: str | None = None) -> Reproduced:
    """Checks out the very state a run saw, though its branch was reset or deleted; verifies its digest.

    Args:
        session: the session that moves.
        run_id: the MLflow run id; for runs the bridge knows an unambiguous beginning will do, or their name.
        into: makes a branch of this name there, to go on from.

    Raises:
        ArgonError: `RUN_NOT_FOUND`, `HISTORY_GONE`; `DIGEST_DIFFERS` when the data is not what the run saw.
    """
    run, ref = open_run(session, run_id)
    project = session.client.project(run["project"])
    digest = project.collections(ref)["digest"]
    if run["digest"] and digest != run["digest"]:
        raise ArgonError(
            "DIGEST_DIFFERS",
            f"run {run['id']} saw data with the digest {run['digest']}, and {run['project']}/{ref} has {digest}",
            data={"run": run["id"], "expected": run["digest"], "found": digest},
            next=["%argon status", "%argon diff A B"],
        )
    notes = []
    if into is not None:
        project.branches.create(into, from_=ref)
        info = session.checkout(into, project=run["project"])
        where = f"{run['project']}/{into}, a new branch"
    else:
        info = session.checkout(ref, project=run["project"])
        where = f"{run['project']}/{info.get('ref', ref)}, read-only"
        notes.append("to go on from here: %argon branch create NAME --switch")
    return Reproduced(run, info, digest, where, notes)


def find_run(session: Session, run_id: str) -> protocol.Run:
    """A run by its id, a beginning of it or its name: from the bridge, else from the tags MLflow has.

    Raises:
        ArgonError: `RUN_NOT_FOUND`.
    """
    try:
        return session.client.run(run_id)["run"]
    except ArgonError as error:
        if error.code != "RUN_NOT_FOUND":
            raise
    projects = [session.client.project(one["name"]) for one in session.client.projects.list()]
    meant = _meant(run_id, (run for project in projects for run in project.runs(search=run_id)))
    if meant is not None:
        return meant
    tagged = _from_tags(run_id)
    if tagged is not None:
        return tagged
    raise ArgonError(
        "RUN_NOT_FOUND",
        f"neither Argon nor MLflow knows Argon data of a run {run_id}",
        data={"run": run_id},
        nearest=nearest_name(
            run_id, (run["id"] for project in projects for run in project.run_page()["runs"])
        ),
        next=["%argon runs", "set MLFLOW_TRACKING_URI to the server that has the run"],
    )


def _meant(text: str, found: Iterable[protocol.Run]) -> protocol.Run | None:
    """The one run whose id begins so, or else the one that is called so.

    Raises:
        ArgonError: `RUN_NOT_FOUND` when there are several.
    """
    called: list[protocol.Run] = []
    begin: list[protocol.Run] = []
    for run in found:
        if len(text) >= ID_LENGTH_MIN and run["id"].startswith(text):
            begin.append(run)
        elif run["facts"].get("name") == text:
            called.append(run)
        if len(begin) > 1:
            break
    several, how = (begin, "begin with") if begin else (called, "are called")
    if len(several) > 1:
        raise ArgonError(
            "RUN_NOT_FOUND",
            f"several runs {how} {text}, such as {several[0]['id']} and {several[1]['id']}",
            data={"run": text},
            next=["%argon runs"],
        )
    return several[0] if several else None


def open_run(session: Session, run_id: str) -> tuple[protocol.Run, str]:
    """A run as the bridge knows it, which says where its branch leads now, and a ref for the state it saw.

    Raises:
        ArgonError: `RUN_NOT_FOUND`; `HISTORY_GONE`, `DIGEST_DIFFERS` as `run_ref`.
    """
    run = find_run(session, run_id)
    ref = run_ref(session, run)
    return session.client.run(run["id"])["run"], ref


def run_ref(session: Session, run: protocol.Run) -> str:
    """A ref for the state of a run. A run only MLflow knew is made known to the bridge, which keeps the state.

    Raises:
        ArgonError: `HISTORY_GONE` when no branch leads to the state any more, `DIGEST_DIFFERS` when what is here by
            those names is something else.
    """
    try:
        session.client.run(run["id"])
    except ArgonError as error:
        if error.code != "RUN_NOT_FOUND":
            raise
        ref = _ref_through_branches(session, run)
        _check_is_same(session, run, ref)
        session.client.change(
            "run.register", project=run["project"], run=run["id"], ref=ref, facts=run["facts"]
        )
    return f"run:{run['id']}"


def _check_is_same(session: Session, run: protocol.Run, ref: str) -> None:
    """Before a run is made known: another project of that name, on another machine, has other data."""
    found = session.client.project(run["project"]).collections(ref)["digest"]
    if run["digest"] and found != run["digest"]:
        raise ArgonError(
            "DIGEST_DIFFERS",
            f"run {run['id']} saw data with the digest {run['digest']}, and {run['project']}/{ref} of this data"
            f" directory has {found}: it is another project of that name, or was made anew",
            data={"run": run["id"], "expected": run["digest"], "found": found},
            next=["set ARGON_DATA to the data directory the run was made with", "%argon projects"],
        )


def _from_tags(run_id: str) -> protocol.Run | None:
    """What the tags of an MLflow run say; None when there is no MLflow, no such run, or no Argon tag."""
    if _RUN_ID.fullmatch(run_id) is None:
        return None
    try:
        import mlflow
        from mlflow.exceptions import MlflowException
    except ImportError:
        return None
    if not is_there(mlflow.get_tracking_uri()):
        return None
    try:
        found = mlflow.MlflowClient().get_run(run_id)
    except MlflowException:
        return None
    tags: dict[str, str] = found.data.tags
    if "argon.project" not in tags or "argon.lsn" not in tags:
        return None
    facts = {"name": found.info.run_name or "", "status": found.info.status}
    facts.update(
        {
            f"metric.{key}": str(value)
            for key, value in found.data.metrics.items()
            if not key.startswith("argon.")
        }
    )
    facts.update({key: tags[f"argon.{key}"] for key in ("notebook", "cell") if f"argon.{key}" in tags})
    run: dict[str, Any] = {
        "id": run_id,
        "project": tags["argon.project"],
        "timeline": int(tags.get("argon.timeline", "0")),
        "lsn": int(tags["argon.lsn"]),
        "digest": tags.get("argon.digest", ""),
        "createdAt": _instant(found.info.start_time),
        "facts": {key: value for key, value in facts.items() if value},
    }
    if tags.get("argon.branch"):
        run["branch"] = tags["argon.branch"]
    return cast(protocol.Run, run)


def _ref_through_branches(session: Session, run: protocol.Run) -> str:
    """A branch whose own line, or whose ancestors, hold the state (timeline, LSN): `branch@LSN`."""
    project = session.client.project(run["project"])
    if run["project"] not in {one["name"] for one in session.client.projects.list()}:
        raise ArgonError(
            "PROJECT_NOT_FOUND",
            f"run {run['id']} saw data of the project {run['project']}, which is not in this data directory",
            data={"run": run["id"], "project": run["project"]},
            next=["set ARGON_DATA to the data directory the run was made with", "%argon projects"],
        )
    timelines = {one["id"]: one for one in project.log(limit=1)["timelines"]}
    for branch in project.branches.iterate():
        timeline: int | None = branch.timeline
        while timeline is not None:
            if timeline == run["timeline"]:
                return f"{branch.name}@{run['lsn']}"
            line = timelines.get(timeline)
            if line is None or run["lsn"] > line["forkLsn"]:
                break
            timeline = line.get("parent")
    raise ArgonError(
        "HISTORY_GONE",
        f"no branch of {run['project']} leads to timeline {run['timeline']} at LSN {run['lsn']} any more",
        data={"run": run["id"], "timeline": run["timeline"], "lsn": run["lsn"]},
        next=["%argon branch list", "%argon pins"],
    )


def _instant(milliseconds: int | None) -> str:
    from datetime import datetime, timezone

    then = datetime.fromtimestamp((milliseconds or 0) / 1000, timezone.utc)
    return then.isoformat(timespec="milliseconds").replace("+00:00", "Z")
