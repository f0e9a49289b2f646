"""Runs know their data whatever keeps them: files, SQLite, a real `mlflow server` that goes away; and on another machine."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from argon.launch import Places
from argon.launch.node import find_node
from argon.launch.script import find_script
from conftest import bridge_pids, kill_bridge_of, local_link, wait_until
from kernels import Kernel

PRELUDE = """
%load_ext argon
import argon, json, logging, os, subprocess, sys, threading, mlflow
logging.getLogger("alembic").setLevel(logging.WARNING)
logging.getLogger("mlflow").setLevel(logging.WARNING)

def use(uri):
    # Subprocesses log to the same store.
    os.environ["MLFLOW_TRACKING_URI"] = uri
    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment("birds")

def facts():
    return [
        {
            "id": run.info.run_id,
            "name": run.info.run_name,
            "tags": {name.removeprefix("argon."): value for name, value in run.data.tags.items() if "argon." in name},
            "lsn": run.data.metrics.get("argon.lsn"),
            "inputs": [[one.dataset.name, one.dataset.digest] for one in run.inputs.dataset_inputs],
        }
        for run in mlflow.search_runs(experiment_names=["birds"], output_format="list")
    ]
"""

BIRDS = """
db = argon.db()
db.birds.insert_many([{"_id": n, "mass": n * 1.5, "big": n > 25} for n in range(50)]);
"""


class Server:
    """A real tracking server, which can go away and come back at the same address."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.uri = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port),
                 "--workers", "1", "--backend-store-uri", f"sqlite:///{self.folder}/server.db",
                 "--default-artifact-root", str(self.folder / "files")],
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        wait_until(self._answers, 120, "the tracking server")

    def _answers(self) -> bool:
        assert self.process.poll() is None, (self.folder / "server.log").read_text()[-2_000:]
        try:
            with urllib.request.urlopen(f"{self.uri}/health", timeout=2):
                return True
        except OSError:
            return False

    def stop(self) -> None:
        # Its workers are in its process group.
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("server"))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def running(shared_places: Places, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    kernel = Kernel(
        tmp_path_factory.mktemp("notebooks"),
        ARGON_DATA=str(shared_places.data),
        ARGON_RUNTIME_DIR=str(shared_places.runtime.parent),
        JPY_SESSION_NAME="train.ipynb",
        # MLflow has given files up as a store, and still writes them for those who say so.
        MLFLOW_ALLOW_FILE_STORE="true",
    )
    kernel.run(PRELUDE, timeout=120)
    yield kernel
    kernel.stop()


@pytest.fixture(params=["file", "sqlite", "server"])
def kernel(running: Kernel, request: pytest.FixtureRequest, tmp_path: Path) -> Kernel:
    """The kernel in a project of its own with fifty birds, and runs of a store of one kind."""
    uris = {"file": f"file:{tmp_path}/mlruns", "sqlite": f"sqlite:///{tmp_path}/mlflow.db"}
    uri = uris.get(request.param) or request.getfixturevalue("server").uri
    running.run("mlflow.end_run()")
    running.run(f"use({uri!r})\n%argon init p{time.time_ns()}{BIRDS}", timeout=120)
    return running


def runs_of(kernel: Kernel, *names: str) -> list[Any]:
    """What the store and the bridge know of runs by these names, once the bridge knows them all and they have ended."""
    found: list[Any] = []

    def complete() -> bool:
        known = {run["id"] for run in kernel.run("%argon runs").json("runs")}
        everything = json.loads(kernel.run("print(json.dumps(facts()))").text.splitlines()[-1])
        found[:] = [run for name in names for run in everything if run["name"] == name and run["id"] in known]
        return len(found) == len(names) and all("moved" in run["tags"] for run in found)

    wait_until(complete, 60, f"the runs {names} in the store and in the bridge")
    return found


def check(run: Any) -> None:
    project = run["tags"]["project"]
    assert (run["tags"]["branch"], run["tags"]["lsn"], run["lsn"]) == ("main", "51", 51)
    assert len(run["tags"]["digest"]) == 32
    assert run["tags"]["notebook"] == "train.ipynb"
    assert [name for name, _ in run["inputs"] if name.startswith(project)] == [f"{project}/birds"]


def test_runs_of_threads_and_subprocesses_and_of_a_client(kernel: Kernel) -> None:
    kernel.run(
        "def work(n):\n"
        "    with mlflow.start_run(run_name=f'thread {n}'):\n"
        "        list(db.birds.find({'_id': n}))\n"
        "threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]\n"
        "for thread in threads: thread.start()\n"
        "for thread in threads: thread.join()"
    )
    # Nothing of Argon stands in the subprocess, and the cell is still the one that writes behind it.
    kernel.run(
        "db.birds.find_one({'_id': 1})\n"
        "subprocess.run([sys.executable, '-c', '''\n"
        "import mlflow\n"
        'mlflow.set_experiment("birds")\n'
        'with mlflow.start_run(run_name="child"):\n'
        "    pass\n"
        "'''], check=True, capture_output=True)\n"
        "argon.db().notes.insert_one({'_id': 1});",
        cell=(parent := uuid.uuid4().hex),
        timeout=120,
    )
    kernel.run(
        "from mlflow.tracking.context.registry import resolve_tags\n"
        "client = mlflow.MlflowClient()\n"
        "experiment = mlflow.get_experiment_by_name('birds').experiment_id\n"
        "with argon.at('main@51'):\n"
        "    run = client.create_run(experiment, run_name='client', tags=resolve_tags())\n"
        "list(db.birds.find())\n"
        "client.set_terminated(run.info.run_id);"
    )
    names = ("thread 0", "thread 1", "thread 2", "child", "client")
    *threads, child, client = runs_of(kernel, *names)
    for run in (*threads, child):
        check(run)
    assert (client["tags"]["lsn"], client["lsn"]) == ("51", 51)
    assert child["tags"]["cell"] == parent
    (activity,) = (one for one in kernel.run("%argon cells").json("cells") if one["cell"] == parent)
    assert [write["collection"] for write in activity["writes"]] == ["notes"]
    assert activity["runs"] == [child["id"]]


def test_a_fit_with_autologging_is_one_run_and_costs_no_wait(kernel: Kernel) -> None:
    # MLflow asks for tags for the data set of the fit too, and nobody may look for a run with them.
    fit = kernel.run(
        "from sklearn.linear_model import LogisticRegression\n"
        "from argon.mlflow import attach\n"
        "followed = []\n"
        "follow, attach.follow = attach.follow, lambda start: (followed.append(start), follow(start))\n"
        "mlflow.sklearn.autolog(log_models=False, silent=True)\n"
        "try:\n"
        "    frame = argon.read(None, 'birds').to_pandas()\n"
        "    LogisticRegression().fit(frame[['mass']], frame['big'])\n"
        "finally:\n"
        "    mlflow.sklearn.autolog(disable=True)\n"
        "    attach.follow = follow",
        timeout=120,
    )
    assert fit.status == "ok"
    assert kernel.run("len(followed)").text == "1"
    name = kernel.run("print(facts()[0]['name'])").text.splitlines()[-1]
    (run,) = runs_of(kernel, name)
    check(run)
    assert "dataset" in [name for name, _ in run["inputs"]]


def test_a_tracking_server_that_goes_away_in_the_middle_of_a_run(running: Kernel, server: Server) -> None:
    running.run(f"use({server.uri!r})\n%argon init p{time.time_ns()}{BIRDS}", timeout=120)
    # MLflow gives up on a request sooner than usual: what was not told then is told later.
    running.run("os.environ['MLFLOW_HTTP_REQUEST_MAX_RETRIES'] = '1'")
    running.run("run = mlflow.start_run(run_name='cut')", timeout=60)
    server.stop()
    held = [running.run("list(db.birds.find());", timeout=60).seconds for _ in range(3)]
    assert sorted(held)[1] < 4, held
    assert running.run("%argon").json("place")["lsn"] == 51
    assert "main@51" in running.run("%argon runs").text
    server.start()
    running.run("mlflow.end_run()", timeout=60)
    (run,) = runs_of(running, "cut")
    check(run)
    running.run("del os.environ['MLFLOW_HTTP_REQUEST_MAX_RETRIES']")


def test_a_run_is_reproduced_on_another_machine_from_a_backup(
    running: Kernel, here: Places, tmp_path: Path, home: Path
) -> None:
    running.run(f"use('sqlite:///{tmp_path}/mlflow.db')\n%argon init p{time.time_ns()}{BIRDS}", timeout=120)
    running.run("with mlflow.start_run(run_name='first'):\n    list(db.birds.find())")
    (run,) = runs_of(running, "first")
    running.run("db.birds.delete_many({});")
    local_link(here).call("keeping.backup", {"folder": str(tmp_path / "backup")})
    subprocess.run(
        [
            str(find_node()),
            str(find_script()),
            "restore-backup",
            str(tmp_path / "backup"),
            str(home / "data"),
        ],
        check=True,
        capture_output=True,
    )
    reproduce = (
        "%load_ext argon\nimport argon, mlflow\n"
        f"mlflow.set_tracking_uri('sqlite:///{tmp_path}/mlflow.db')\n"
        f"%argon reproduce {run['id']}"
    )
    with_backup = Kernel(home)
    try:
        assert "same digest as the run saw" in with_backup.run(reproduce, timeout=120).text
        assert with_backup.run("argon.db().birds.count_documents({})").text == "50"
    finally:
        with_backup.stop()
    kill_bridge_of(home)
    wait_until(lambda: not bridge_pids(home), what="the end of the bridge")
    shutil.rmtree(home / "data")
    with_nothing = Kernel(home)
    try:
        refused = with_nothing.run(reproduce, timeout=120, check=False).text
        assert (
            f"saw data of the project {run['tags']['project']}, which is not in this data directory"
            in refused
        )
        assert "ARGON_DATA" in refused
        assert "Code:  PROJECT_NOT_FOUND" in refused
    finally:
        with_nothing.stop()
