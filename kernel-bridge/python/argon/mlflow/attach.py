"""What is added to a run after its start, beside the training: datasets, the metric, the end.

Everything that talks to the tracking server happens on one worker thread, so that a server that is away
costs the notebook nothing.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Run, RunTag

from .. import protocol
from ..errors import ArgonError
from ..session import Session, active_session
from ..session.seen import see_again
from .schema import schema_of
from .start import CONTEXT_TAG, Start, wait_for_late
from .store import TRACKING_FACT, place_of, release_deleted

FIND_SECONDS_MAX = 10.0
CELL_SECONDS_MAX = 20.0
"""How long the end of a cell waits, so that the next cell sees its run complete."""

CELL_SECONDS_MAX_WITH_SERVER = 5.0
"""The same where the store is a server, which may be away."""

CELL_LATE_SECONDS_MAX = 2.0
"""How long the end of a cell waits for a bridge that was slow when a run began; what comes later is told all the same."""

DIGEST_LENGTH_MAX = 36
NAME_LENGTH_MAX = 500
METRICS_MAX = 50
FACT_LENGTH_MAX = 500
VERSIONS_MAX = 20

SWEEP_SECONDS = 3_600.0
"""Deleted runs are looked for when a run is found, but not again within this time."""
SWEEP_SECONDS_MAX = 5.0

_ENDED = ("FINISHED", "FAILED", "KILLED")

_open: list[Start] = []
_jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
_worker: threading.Thread | None = None
_swept_at: float | None = None
_waited_for: threading.Event | None = None
"""Set when the job that was last waited for is done."""


def follow(start: Start) -> None:
    """Takes care of a run that starts: finds its id and makes it known to the bridge, which keeps its data."""
    _open.append(start)
    _do(lambda: _find(start, FIND_SECONDS_MAX))


def before_cell_ends() -> None:
    """Waits a moment for the runs of the cell to be known, so that the bridge counts them to this cell."""
    wait_for_late(CELL_LATE_SECONDS_MAX)
    if any(start.run_id is None for start in _open):
        _wait_for(lambda: None)


def after_cell(activity: protocol.CellActivity | None, in_use: str | None = None) -> None:
    """A cell ended: tells the runs that are open what it read, and ends those that have ended.

    `in_use` is the run that the cell had in use, if it had one: it may be one that was taken up again.
    """
    session = active_session()
    starts = list(_open)
    if not starts and in_use is None:
        return
    tracking_uri = mlflow.get_tracking_uri()

    def tell() -> None:
        # Not before: a run that has just begun is found by a job that came before this one.
        if in_use is not None and session is not None and all(start.run_id != in_use for start in starts):
            with suppress(Exception):
                starts.extend(_take_up(session, in_use, tracking_uri))
        for start in starts:
            with suppress(Exception):
                _tell(start, activity)

    _wait_for(tell)


def _take_up(session: Session, run_id: str, tracking_uri: str) -> list[Start]:
    """Follows a run again that has ended, or whose kernel has; its tags are those of its first start.

    Returns:
        Nothing where the run has not been used since its end was told, or the bridge is away.

    Raises:
        ArgonError: `RUN_NOT_FOUND` for a run that has nothing to do with Argon; `HISTORY_GONE`.
    """
    if not session.link.connected:
        return []
    kept = session.client.run(run_id)["run"]
    run = MlflowClient(tracking_uri).get_run(run_id)
    if run.info.status in _ENDED and kept["facts"].get("endedAt") == _instant(run.info.end_time):
        return []
    token = run.data.tags.get(CONTEXT_TAG, "")
    start = Start(token, tracking_uri, see_again(session, kept), int(time.time() * 1000), run_id)
    inputs = run.inputs.dataset_inputs if run.inputs is not None else []
    start.logged = {(one.dataset.name, one.dataset.digest) for one in inputs}
    start.announced = True
    _open.append(start)
    return [start]


def _wait_for(job: Callable[[], None]) -> None:
    """Does a job after those that wait, and waits for it, but not long."""
    global _waited_for
    before, done = _waited_for, threading.Event()
    _waited_for = done

    def work() -> None:
        try:
            job()
        finally:
            done.set()

    _do(work)
    if before is not None and not before.is_set():
        # Somebody has waited in vain already: the store is away, and one cell was held up enough.
        return
    stores = [mlflow.get_tracking_uri(), *(start.tracking_uri for start in _open)]
    remote = any(uri.startswith("http") for uri in stores)
    done.wait(CELL_SECONDS_MAX_WITH_SERVER if remote else CELL_SECONDS_MAX)


def _do(job: Callable[[], None]) -> None:
    global _worker
    _jobs.put(job)
    if _worker is None or not _worker.is_alive():
        _worker = threading.Thread(target=_work, name="argon-mlflow", daemon=True)
        _worker.start()


def _work() -> None:
    while True:
        job = _jobs.get()
        # A tracking server that refuses must not end the worker; the run itself is not touched.
        with suppress(Exception):
            job()


def _find(start: Start, seconds: float) -> None:
    """Looks for the run that carries the token, registers it and logs the metric `argon.lsn`."""
    client = MlflowClient(start.tracking_uri)
    if start.run_id is not None:
        _announce(start, client)
        return
    until = time.monotonic() + seconds
    pause = 0.01
    while True:
        run = _run_with_token(client, start.token)
        if run is not None:
            break
        if time.monotonic() > until:
            return
        time.sleep(pause)
        pause = min(pause * 1.7, 0.5)
    with suppress(ArgonError):
        start.seen.session.link.call(
            "run.register",
            {
                "project": start.seen.state["project"],
                "run": run.info.run_id,
                "ref": start.seen.ref,
                "session": start.seen.session.id,
                "facts": {
                    **start.seen.place(),
                    TRACKING_FACT: place_of(start.tracking_uri),
                    **_facts(client, run),
                },
            },
        )
    # Not before: whoever takes away what the run saw waits for it.
    start.run_id = run.info.run_id
    _do(lambda: _sweep(start))
    _announce(start, client)


def _announce(start: Start, client: MlflowClient) -> None:
    """Logs what the run is to say from its start on, once: again after a server that was away."""
    if start.announced or start.run_id is None:
        return
    client.log_batch(
        start.run_id,
        metrics=[Metric("argon.lsn", float(start.seen.state["lsn"]), start.begun_ms, 0)],
        tags=[RunTag(name, value) for name, value in start.tags().items()] if start.tags_missing else [],
    )
    start.announced = True


def _sweep(start: Start) -> None:
    """Lets go of the data of runs that were deleted from the store, now and then."""
    global _swept_at
    now = time.monotonic()
    if _swept_at is None or now - _swept_at > SWEEP_SECONDS:
        _swept_at = now
        # The ends of runs wait behind it.
        release_deleted(start.seen.session, start.tracking_uri, seconds=SWEEP_SECONDS_MAX)


def _run_with_token(client: MlflowClient, token: str) -> Run | None:
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    if not experiments:
        return None
    found = client.search_runs(experiments, filter_string=f"tags.`{CONTEXT_TAG}` = '{token}'", max_results=1)
    return found[0] if found else None


def _tell(start: Start, activity: protocol.CellActivity | None) -> None:
    reads = _reads(start, activity)
    # Kept until they are logged, though the tracking server be away when their cell ends.
    start.reads.update({(read["collection"], read["digest"]): read for read in reads})
    _find(start, 1.0)
    if start.run_id is None:
        if time.time() * 1000 - start.begun_ms > FIND_SECONDS_MAX * 1000:
            _open.remove(start)
        return
    client = MlflowClient(start.tracking_uri)
    _log_datasets(client, start, start.reads.values())
    run = client.get_run(start.run_id)
    if run.info.status in _ENDED:
        end = {**start.seen.end(), **start.ended}
        start.ended = end
        client.log_batch(start.run_id, tags=[RunTag(name, value) for name, value in end.items()])
        _open.remove(start)
    with suppress(ArgonError):
        start.seen.session.link.call(
            "run.update",
            {"project": start.seen.state["project"], "run": start.run_id, "facts": _facts(client, run)},
        )


def _reads(start: Start, activity: protocol.CellActivity | None) -> list[protocol.CellActivityReadsItem]:
    """Reads of this cell, and those of earlier cells that saw the same documents the run could see."""
    project = start.seen.state["project"]
    now = {one["name"]: one["digest"] for one in start.seen.collections["collections"]}
    reads = list(activity["reads"]) if activity is not None else []
    with suppress(ArgonError):
        for earlier in start.seen.session.cells():
            reads += [read for read in earlier["reads"] if now.get(read["collection"]) == read["digest"]]
    return [read for read in reads if read.get("project", project) == project]


def _log_datasets(
    client: MlflowClient, start: Start, reads: Iterable[protocol.CellActivityReadsItem]
) -> None:
    inputs = []
    new: set[tuple[str, str]] = set()
    for read in reads:
        name = f"{start.seen.state['project']}/{read['collection']}"[:NAME_LENGTH_MAX]
        digest = read["digest"][:DIGEST_LENGTH_MAX]
        if not digest or (name, digest) in start.logged:
            continue
        new.add((name, digest))
        # "code" is a source type every MLflow knows: one of our own would break registering the model
        # where this package is missing.
        source = {
            "tags": {
                "argon.project": start.seen.state["project"],
                "argon.ref": read["ref"],
                "argon.lsn": str(read["lsn"]),
                "argon.collection": read["collection"],
                "mlflow.source.name": start.seen.info.get("notebook", ""),
                "mlflow.source.type": "NOTEBOOK",
            }
        }
        dataset = Dataset(
            name=name,
            digest=digest,
            source_type="code",
            source=json.dumps(source),
            schema=_schema(start, read),
            profile=json.dumps({"num_rows": read["documents"]}),
        )
        inputs.append(DatasetInput(dataset, [InputTag("mlflow.data.context", "training")]))
    if inputs and start.run_id is not None:
        client.log_inputs(start.run_id, inputs)
        start.logged |= new


def _schema(start: Start, read: protocol.CellActivityReadsItem) -> str | None:
    # A sandbox that was read is gone when its cell has ended; what it was made from has nearly the same fields.
    base = read.get("base")
    ref = read["ref"] if base is None else f"{base['branch']}@{base['lsn']}"
    with suppress(ArgonError):
        return schema_of(start.seen.session, start.seen.state["project"], ref, read["collection"])
    return None


def _facts(client: MlflowClient, run: Run) -> dict[str, str]:
    """What Argon remembers of a run; the names are those of the bridge, which asks a tracking server itself."""
    facts: dict[str, Any] = {
        "name": run.info.run_name,
        "status": run.info.status,
        "startedAt": _instant(run.info.start_time),
        "endedAt": _instant(run.info.end_time),
        "experiment": client.get_experiment(run.info.experiment_id).name,
        "experimentId": run.info.experiment_id,
        "model": _model(client, run),
    }
    metrics = [(key, value) for key, value in run.data.metrics.items() if not key.startswith("argon.")]
    facts.update({f"metric.{key}": value for key, value in metrics[:METRICS_MAX]})
    told = {key: str(value)[:FACT_LENGTH_MAX] for key, value in facts.items() if value}
    return {**told, **_registered(client, run)}


def _registered(client: MlflowClient, run: Run) -> dict[str, str]:
    """Versions of models that the run made, with their aliases: `registered.penguin-species/4` = `champion`."""
    facts: dict[str, str] = {}
    # A store without a registry of models has none.
    with suppress(Exception):
        found = client.search_model_versions(f"run_id = '{run.info.run_id}'", max_results=VERSIONS_MAX)
        for one in found:
            name = f"registered.{one.name}/{one.version}"[:FACT_LENGTH_MAX]
            # A search leaves aliases out.
            aliases = client.get_model_version(one.name, one.version).aliases or []
            facts[name] = ", ".join(aliases)[:FACT_LENGTH_MAX]
    return facts


def _model(client: MlflowClient, run: Run) -> str | None:
    outputs = getattr(getattr(run, "outputs", None), "model_outputs", None)
    if not outputs:
        return None
    with suppress(Exception):
        name: str = client.get_logged_model(outputs[-1].model_id).name
        return name
    return None


def _instant(milliseconds: int | None) -> str | None:
    if not milliseconds:
        return None
    from datetime import datetime, timezone

    then = datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
    return then.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def at_exit(in_use: str | None) -> None:
    """The process ends: what is left is told as at the end of a cell."""
    session = active_session()
    if session is None:
        return
    wait_for_late(CELL_LATE_SECONDS_MAX)
    if not _open and in_use is None:
        return
    if not session.identity.inherited:
        after_cell(session.end_cell(), in_use)
        return
    # The cell is that of the kernel which started us, and goes on.
    cells: list[protocol.CellActivity] = []
    with suppress(ArgonError):
        cells = session.cells(limit=1)
    after_cell(cells[0] if cells else None, in_use)
