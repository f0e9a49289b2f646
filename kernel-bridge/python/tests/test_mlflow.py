"""Runs know their data, with a real MLflow on SQLite in a real kernel."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from argon.client import Client
from argon.launch import Places
from argon.mlflow.schema import columns_of
from kernels import Kernel

PRELUDE = """
%load_ext argon
import argon, json, logging, mlflow
logging.getLogger("alembic").setLevel(logging.WARNING)
logging.getLogger("mlflow").setLevel(logging.WARNING)
mlflow.set_tracking_uri("sqlite:///mlflow.db")
mlflow.set_experiment("birds")

def facts(run_id):
    run = mlflow.get_run(run_id)
    print(json.dumps({
        "tags": {name: value for name, value in run.data.tags.items() if name.startswith("argon.")},
        "metrics": run.data.metrics,
        "inputs": [[one.dataset.name, one.dataset.digest, one.dataset.source_type] for one in run.inputs.dataset_inputs],
        "schemas": [one.dataset.schema for one in run.inputs.dataset_inputs],
        "profiles": [one.dataset.profile for one in run.inputs.dataset_inputs],
    }))
"""


@pytest.fixture(scope="module")
def running(shared_places: Places, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    kernel = Kernel(
        tmp_path_factory.mktemp("notebooks"),
        ARGON_DATA=str(shared_places.data),
        ARGON_RUNTIME_DIR=str(shared_places.runtime.parent),
        JPY_SESSION_NAME="train.ipynb",
    )
    kernel.run(PRELUDE, timeout=120)
    yield kernel
    kernel.stop()


@pytest.fixture
def kernel(running: Kernel) -> Kernel:
    running.run("mlflow.end_run()")
    running.run(f"%argon init ml-{uuid.uuid4().hex[:8]}")
    running.run("db = argon.db()\ndb.birds.insert_many([{'_id': n, 'mass': n * 1.5} for n in range(50)]);")
    running.run("%argon branch create clean --switch")
    running.run("db.birds.delete_one({'_id': 7});")
    return running


def facts(kernel: Kernel, run: str) -> Any:
    return json.loads(kernel.run(f"facts({run!r})").text)


def run_of(kernel: Kernel) -> str:
    return kernel.run("run.info.run_id").text.strip("'")


TRAIN = """
with mlflow.start_run(run_name="mean") as run:
    masses = [bird["mass"] for bird in db.birds.find()]
    mlflow.log_metric("mean", sum(masses) / len(masses))
"""


def test_a_run_says_which_data_it_saw(kernel: Kernel, here: Places) -> None:
    trained = kernel.run(TRAIN, cell="train-cell")
    run = run_of(kernel)
    seen = facts(kernel, run)
    tags = seen["tags"]
    project = kernel.run("%argon").json("place")["project"]
    with Client(data=here.data) as client:
        mine = client.project(project)
        head = mine.branch("clean")
        state = mine.collections("clean")
        assert tags["argon.project"] == project
        assert tags["argon.branch"] == "clean"
        assert tags["argon.lsn"] == tags["argon.lsn_end"] == str(head.head)
        assert tags["argon.moved"] == "false"
        assert tags["argon.timeline"] == str(head.timeline)
        assert tags["argon.digest"] == state["digest"]
        assert tags["argon.notebook"] == "train.ipynb"
        assert tags["argon.cell"] == "train-cell"
        assert tags["argon.uri"].startswith("mongodb://")
        assert seen["metrics"]["argon.lsn"] == head.head
        (collection,) = state["collections"]
        assert seen["inputs"] == [[f"{project}/birds", collection["digest"], "code"]]
        assert len(collection["digest"]) <= 36
        assert json.loads(seen["profiles"][0]) == {"num_rows": 49}
        assert json.loads(seen["schemas"][0]) == {
            "mlflow_colspec": [
                {"type": "integer", "required": True, "name": "_id"},
                {"type": "double", "required": True, "name": "mass"},
            ]
        }
        known = client.run(run)
        assert known["state"]["lsn"] == head.head
        assert known["run"]["digest"] == state["digest"]
        remembered = known["run"]["facts"]
        assert remembered["name"] == "mean"
        assert remembered["status"] == "FINISHED"
        assert remembered["experiment"] == "birds"
        assert remembered["notebook"] == "train.ipynb"
        assert remembered["cellNumber"] == str(trained.number)
        assert float(remembered["metric.mean"]) > 0
    # The address opens the very state, whatever happens to the branch.
    kernel.run("db.birds.delete_many({});")
    assert kernel.run(f"from pymongo import MongoClient\nuri = {tags['argon.uri']!r}\n"
                      "len(list(MongoClient(uri).get_default_database().birds.find()))").text == "49"  # fmt: skip
    assert run in kernel.run("%argon runs --json").text
    assert "mean" in kernel.run("%argon runs").text
    (cell,) = [
        one for one in kernel.run("%argon cells").json("cells") if one.get("cellNumber") == trained.number
    ]
    assert cell["runs"] == [run]


def test_data_read_in_an_earlier_cell_counts_while_it_is_the_same(kernel: Kernel) -> None:
    kernel.run("frame = list(db.birds.find())")
    kernel.run("db.islands.insert_one({'_id': 1}); list(db.islands.find());")
    kernel.run("with mlflow.start_run() as run:\n    mlflow.log_metric('n', len(frame))")
    names = {name.split("/")[1] for name, _, _ in facts(kernel, run_of(kernel))["inputs"]}
    assert names == {"birds", "islands"}
    # What was read before the data changed is no input of a run that could not see it.
    kernel.run("db.birds.insert_one({'_id': 'new'});")
    kernel.run("with mlflow.start_run() as run:\n    pass")
    names = {name.split("/")[1] for name, _, _ in facts(kernel, run_of(kernel))["inputs"]}
    assert names == {"islands"}


def test_a_run_that_writes_says_that_its_data_moved(kernel: Kernel) -> None:
    kernel.run("with mlflow.start_run() as run:\n    db.birds.insert_one({'_id': 'late'})")
    tags = facts(kernel, run_of(kernel))["tags"]
    assert tags["argon.moved"] == "true"
    assert int(tags["argon.lsn_end"]) == int(tags["argon.lsn"]) + 1


def test_a_run_over_several_cells(kernel: Kernel, here: Places) -> None:
    kernel.run("run = mlflow.start_run(run_name='long')")
    run = run_of(kernel)
    with Client(data=here.data) as client:
        # Known, and its data kept, before it has ended.
        assert client.run(run)["run"]["facts"]["status"] == "RUNNING"
    assert facts(kernel, run)["inputs"] == []
    kernel.run("n = len(list(db.birds.find()))")
    assert [name.split("/")[1] for name, _, _ in facts(kernel, run)["inputs"]] == ["birds"]
    assert "argon.lsn_end" not in facts(kernel, run)["tags"]
    kernel.run("mlflow.end_run()")
    assert facts(kernel, run)["tags"]["argon.moved"] == "false"


def test_a_run_that_is_taken_up_again_has_an_end_of_its_own(kernel: Kernel) -> None:
    kernel.run(TRAIN)
    run = run_of(kernel)
    first = facts(kernel, run)
    assert first["tags"]["argon.moved"] == "false"
    kernel.run("db.islands.insert_one({'_id': 1}); list(db.islands.find());")
    # It is still the last one that was in use, and has not been used.
    assert facts(kernel, run)["tags"] == first["tags"]
    kernel.run(f"with mlflow.start_run(run_id={run!r}):\n    list(db.islands.find())")
    again = facts(kernel, run)
    head = kernel.run("%argon").json("place")["lsn"]
    start = int(first["tags"]["argon.lsn"])
    assert head > start
    assert again["tags"] == {**first["tags"], "argon.lsn_end": str(head), "argon.moved": "true"}
    assert sorted(name.split("/")[1] for name, _, _ in again["inputs"]) == ["birds", "islands"]


def test_a_run_whose_kernel_was_restarted_is_taken_up_where_it_was(here: Places, tmp_path: Path) -> None:
    kernel = Kernel(tmp_path, ARGON_DATA=str(here.data), ARGON_RUNTIME_DIR=str(here.runtime.parent))
    try:
        kernel.run(PRELUDE, timeout=120)
        kernel.run("%argon init restarted\nargon.db().birds.insert_one({'_id': 1});")
        kernel.run("run = mlflow.start_run()\nlist(argon.db().birds.find());")
        run = run_of(kernel)
        lsn = facts(kernel, run)["tags"]["argon.lsn"]
        kernel.restart()
        kernel.run(PRELUDE, timeout=120)
        kernel.run("%argon use restarted\nargon.db().birds.insert_one({'_id': 2});")
        kernel.run(f"mlflow.start_run(run_id={run!r})\nlist(argon.db().birds.find());")
        assert "argon.lsn_end" not in facts(kernel, run)["tags"]
        kernel.run("mlflow.end_run()")
        seen = facts(kernel, run)
        assert seen["tags"]["argon.lsn"] == lsn
        assert seen["tags"]["argon.lsn_end"] == str(int(lsn) + 1)
        assert seen["tags"]["argon.moved"] == "true"
        # One for each state of the collection that it read.
        assert len(seen["inputs"]) == 2
    finally:
        kernel.stop()


def test_nested_runs_and_several_in_a_cell(kernel: Kernel, here: Places) -> None:
    kernel.run(
        "runs = []\n"
        "with mlflow.start_run() as outer:\n"
        "    runs.append(outer.info.run_id)\n"
        "    for n in range(3):\n"
        "        with mlflow.start_run(nested=True) as inner:\n"
        "            runs.append(inner.info.run_id)\n"
        "            list(db.birds.find({'_id': n}))"
    )
    runs = json.loads(kernel.run("print(json.dumps(runs))").text)
    with Client(data=here.data) as client:
        states = {client.run(run)["state"]["lsn"] for run in runs}
    assert len(states) == 1
    for run in runs:
        seen = facts(kernel, run)
        assert seen["tags"]["argon.branch"] == "clean"
        assert len(seen["inputs"]) == 1
        assert "argon.lsn_end" in seen["tags"]


def test_a_state_without_documents_is_a_state(kernel: Kernel) -> None:
    kernel.run(f"%argon init empty-{uuid.uuid4().hex[:8]}")
    kernel.run("with mlflow.start_run() as run:\n    pass")
    seen = facts(kernel, run_of(kernel))
    assert seen["tags"]["argon.lsn"] == "0"
    assert seen["metrics"]["argon.lsn"] == 0
    assert "argon.digest" in seen["tags"]
    kernel.run("%argon reproduce {run.info.run_id}")


@pytest.mark.parametrize("how", ["deleted", "reset and deleted", "renamed"])
def test_a_run_is_reproduced_though_its_branch_is_gone(kernel: Kernel, how: str) -> None:
    trained = kernel.run(TRAIN)
    del trained
    run = run_of(kernel)
    before = facts(kernel, run)
    kernel.run("db.birds.delete_many({'_id': {'$lt': 30}});")
    kernel.run("%argon checkout main")
    if how == "renamed":
        kernel.run("%argon branch rename clean other")
    elif how == "deleted":
        kernel.run("%argon branch delete clean")
    else:
        kernel.run("reset = %argon restore apply main@1 --branch clean")
        kernel.run("%argon branch delete clean")
        kernel.run("%argon branch delete {reset.backup}")
    again = kernel.run(f"%argon reproduce {run}")
    assert again.text.splitlines()[0].startswith("Run mean reproduced")
    assert "same digest as the run saw" in again.text
    assert again.json("reproduced")["same"] is True
    assert "read-only" in kernel.run("%argon").text
    kernel.run(TRAIN)
    second = run_of(kernel)
    after = facts(kernel, second)
    assert after["tags"]["argon.digest"] == before["tags"]["argon.digest"]
    assert after["inputs"] == before["inputs"]
    assert after["metrics"]["mean"] == before["metrics"]["mean"]
    assert "same data" in kernel.run(f"%argon compare {run} {second}").text
    kernel.run("%argon reproduce " + run[:12] + " --into go-on")
    assert kernel.run("%argon").json("place")["ref"] == "go-on"
    kernel.run("db.birds.insert_one({'_id': 'x'});")


def test_a_branch_of_the_same_name_is_not_taken_for_the_one_a_run_saw(kernel: Kernel) -> None:
    def data() -> str:
        (row,) = (line for line in kernel.run("%argon runs").text.splitlines() if run[:8] in line)
        return row

    kernel.run(TRAIN)
    run = run_of(kernel)
    lsn = kernel.run("%argon runs").json("runs")[0]["lsn"]
    assert f"clean@{lsn}  " in data()
    kernel.run("%argon checkout main\n%argon branch delete clean")
    assert f"clean@{lsn}, branch gone" in data()
    kernel.run("%argon branch create clean")
    assert f"clean@{lsn}, not on this branch any more" in data()
    assert kernel.run("%argon runs").json("runs")[0]["branchNow"] == "another"
    again = kernel.run(f"%argon reproduce {run}").text
    assert "same digest as the run saw" in again
    assert f"clean@{lsn}, not on this branch any more" in again


def test_the_data_of_a_run_is_kept_until_the_run_is_deleted_for_good(kernel: Kernel) -> None:
    kernel.run(TRAIN)
    run = run_of(kernel)
    kernel.run("%argon checkout main")
    kernel.run("%argon branch delete clean")
    kernel.run(f"mlflow.delete_run({run!r})")
    # Marked as deleted only: it can come back, and so can its data.
    kernel.run("%argon gc --apply --keep-lsns 1")
    kernel.run(f"mlflow.MlflowClient().restore_run({run!r})")
    assert kernel.run(f"%argon reproduce {run}").json("reproduced")["same"] is True
    kernel.run("%argon checkout main")
    kernel.run(f"mlflow.delete_run({run!r})")
    kernel.run(
        "import subprocess, sys\n"
        f"subprocess.run([sys.executable, '-m', 'mlflow', 'gc', '--run-ids', {run!r},"
        " '--backend-store-uri', 'sqlite:///mlflow.db'], check=True, capture_output=True, timeout=120)",
        timeout=150,
    )
    kernel.run("%argon gc --apply --keep-lsns 1")
    refused = kernel.run(f"%argon reproduce {run}", check=False).text
    assert "Code:  HISTORY_GONE" in refused
    assert "the run was deleted" in refused
    assert run in kernel.run("%argon runs").data["text/plain"] or run[:8] in kernel.run("%argon runs").text


def test_a_store_is_known_by_a_place_that_may_be_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from argon.mlflow.store import place_of

    monkeypatch.chdir(tmp_path)
    assert place_of("sqlite:///mlflow.db") == place_of(f"sqlite:///{tmp_path}/mlflow.db")
    assert place_of("./mlruns") == place_of(f"file://{tmp_path}/mlruns") == f"{tmp_path}/mlruns"
    assert place_of("https://ann:secret@host:5000/ml/?token=x") == "https://host:5000/ml"
    assert place_of("postgresql://ann:secret@db/mlflow") == "postgresql://db/mlflow"


def test_a_model_registered_beside_its_run_is_in_the_lineage(kernel: Kernel, here: Places) -> None:
    name = f"mean-{uuid.uuid4().hex[:6]}"
    kernel.run(
        f"{TRAIN}    client = mlflow.MlflowClient()\n    client.create_registered_model({name!r})\n"
        f"    client.create_model_version({name!r}, 'somewhere', run_id=run.info.run_id)\n"
        f"    client.set_registered_model_alias({name!r}, 'champion', '1');",
        timeout=120,
    )
    project = kernel.run("%argon").json("place")["project"]
    with Client(data=here.data) as client:
        seen = client.call("lineage.graph", project=project)
    (run, model) = (seen["runs"][0], seen["models"][0])
    assert run["run"]["id"] == run_of(kernel)
    assert model == {
        "key": model["key"],
        "run": run["key"],
        "name": name,
        "version": "1",
        "aliases": ["champion"],
    }
    assert [one["documents"] for one in seen["data"]] == [49]


def test_a_sweep_goes_through_all_runs_page_by_page_and_on_where_it_stopped(kernel: Kernel) -> None:
    ran = kernel.run(
        """
from argon.mlflow import store
from argon.session import current_session
session, uri = current_session(), mlflow.get_tracking_uri()
project = session.project
for n in range(7):
    session.client.call("run.register", project=project.name, run=f"never-logged-{n}-{project.name}", ref="main",
                        facts={store.TRACKING_FACT: store.place_of(uri)})
store.RUNS_AT_ONCE = 2
class Times:
    calls = 0
    def monotonic(self):
        Times.calls += 1
        return Times.calls / 4
real, store.time = store.time, Times()
first = store.release_deleted(session, uri, project.name, seconds=1.0)
store.time = real
second = store.release_deleted(session, uri, project.name, seconds=60)
third = store.release_deleted(session, uri, project.name)
store.RUNS_AT_ONCE = 1_000
print(len(first), len(second), len(third), sum("releasedAt" in run for run in project.runs()))
"""
    )
    first, second, third, released = map(int, ran.text.split())
    assert 0 < first < 7
    assert first + second == 7 == released
    assert third == 0


def test_a_registered_model_leads_to_its_data(kernel: Kernel) -> None:
    kernel.run(TRAIN)
    run = run_of(kernel)
    name = f"mean-{uuid.uuid4().hex[:6]}"
    kernel.run(
        f"client = mlflow.MlflowClient()\nclient.create_registered_model({name!r})\n"
        f"version = client.create_model_version({name!r}, 'somewhere', run_id={run!r})\n"
        f"client.set_registered_model_alias({name!r}, 'champion', '1')",
        timeout=120,
    )
    kernel.run("db.birds.delete_many({})")
    for model in (f"{name}@1", f"{name}@champion", f"models:/{name}/1", f"models:/{name}@champion"):
        found = kernel.run(
            f"d = argon.data_for_model({model!r})\nlen(list(d.db().birds.find())), d.run['id']"
        )
        assert found.text == f"(49, {run!r})"
    assert f"{name}/1: run {run[:8]} saw " in kernel.run(f"argon.data_for_model('models:/{name}/1')").text
    opened = kernel.run(f"%argon model {name}@1")
    assert f"model {name}@1 was made by run {run}" in opened.text
    assert opened.json("reproduced")["same"] is True
    assert kernel.run("len(list(argon.db().birds.find()))").text == "49"
    document = kernel.run("%argon affected birds 1").json("affected")
    assert document[0]["models"] == [f"{name}@1"]
    assert "Code:  MODEL_NOT_FOUND" in kernel.run("%argon model nobody@3", check=False).text
    assert "Code:  USAGE" in kernel.run("%argon model nobody", check=False).text


def test_a_run_is_found_by_its_name_while_that_means_one_run(kernel: Kernel) -> None:
    name = f"run-{uuid.uuid4().hex}"
    train = f"with mlflow.start_run(run_name={name!r}) as run:\n    list(db.birds.find())"
    kernel.run(train)
    first = run_of(kernel)
    assert kernel.run(f"%argon reproduce {name}").json("reproduced")["id"] == first
    kernel.run("%argon checkout clean")
    kernel.run(train)
    assert f"several runs are called {name}" in kernel.run(f"%argon reproduce {name}", check=False).text
    assert kernel.run(f"%argon reproduce {first[:12]}").json("reproduced")["id"] == first


def test_runs_of_other_data_differ_in_words(kernel: Kernel) -> None:
    kernel.run(TRAIN)
    first = run_of(kernel)
    kernel.run("db.birds.update_one({'_id': 1}, {'$set': {'mass': 100.0}});")
    kernel.run(TRAIN)
    second = run_of(kernel)
    compared = kernel.run(f"%argon compare {first} {second}").text
    assert "differ by 1 document" in compared
    assert "mass 1.5 -> 100.0" in compared
    assert "mean" in compared


def test_a_run_only_mlflow_knows_is_found_by_its_tags(kernel: Kernel) -> None:
    """As when the data directory was restored from a copy that is older than the run's registration."""
    kernel.run(TRAIN)
    tags = facts(kernel, run_of(kernel))["tags"]
    kernel.run(f"tags = {tags!r}")
    kernel.run(
        "run = mlflow.MlflowClient().create_run(mlflow.get_experiment_by_name('birds').experiment_id, tags=tags)"
    )
    kernel.run("db.birds.delete_many({});")
    kernel.run("%argon checkout main")
    assert "same digest" in kernel.run("%argon reproduce {run.info.run_id}").text
    unknown = kernel.run("%argon reproduce 0123456789abcdef0123456789abcdef", check=False)
    assert "Code:  RUN_NOT_FOUND" in unknown.text


def test_other_data_than_the_run_saw_is_refused(kernel: Kernel) -> None:
    kernel.run(TRAIN)
    tags = {**facts(kernel, run_of(kernel))["tags"], "argon.digest": "0" * 32}
    kernel.run(f"tags = {tags!r}")
    kernel.run(
        "run = mlflow.MlflowClient().create_run(mlflow.get_experiment_by_name('birds').experiment_id, tags=tags)"
    )
    # A refusal must not make the run known as one of this data: the second time would succeed.
    for verb in ("reproduce", "compare {run.info.run_id}", "reproduce"):
        refused = kernel.run(f"%argon {verb} {{run.info.run_id}}", check=False)
        assert "Code:  DIGEST_DIFFERS" in refused.text
        assert "ARGON_DATA" in refused.text


def test_a_run_of_a_project_that_is_not_here_says_so(kernel: Kernel) -> None:
    tags = {"argon.project": "far-away", "argon.lsn": "3", "argon.timeline": "1", "argon.digest": "0" * 32}
    kernel.run(f"tags = {tags!r}")
    kernel.run(
        "run = mlflow.MlflowClient().create_run(mlflow.get_experiment_by_name('birds').experiment_id, tags=tags)"
    )
    refused = kernel.run("%argon reproduce {run.info.run_id}", check=False)
    assert "saw data of the project far-away, which is not in this data directory" in refused.text
    assert "Code:  PROJECT_NOT_FOUND" in refused.text


def test_looking_for_a_run_makes_no_store(kernel: Kernel, tmp_path: Path) -> None:
    store = tmp_path / "nobody.db"
    kernel.run(f"before = mlflow.get_tracking_uri()\nmlflow.set_tracking_uri('sqlite:///{store}')")
    unknown = kernel.run(f"%argon reproduce {'ab' * 16}", check=False)
    assert "Code:  RUN_NOT_FOUND" in unknown.text
    assert "Code:  MODEL_NOT_FOUND" in kernel.run("%argon model nobody@1", check=False).text
    kernel.run("mlflow.set_tracking_uri(before)")
    assert not store.exists()


def test_a_run_in_a_sandbox_has_its_data_set_and_is_reproduced(kernel: Kernel) -> None:
    kernel.run("%%argon sandbox\nr = db.birds.delete_many({'_id': {'$lt': 20}})\n" + TRAIN)
    run = run_of(kernel)
    ((_, digest, _),) = facts(kernel, run)["inputs"]
    assert len(digest) == 32
    reproduced = kernel.run("%argon reproduce {run.info.run_id}\nlen(list(argon.db().birds.find()))")
    assert reproduced.text.splitlines()[-1] == "30"


def test_columns_of_documents() -> None:
    from mlflow.types import Schema

    documents = [
        {"_id": {"$oid": "0" * 24}, "n": {"$numberInt": "1"}, "at": {"$date": {"$numberLong": "1"}}, "a": {"b": True}},
        {"_id": {"$oid": "1" * 24}, "n": {"$numberLong": "2"}, "mixed": "x", "list": [{"$numberInt": "1"}]},
        {"_id": {"$oid": "2" * 24}, "n": None, "mixed": False, "list": [], "<b>": {"$binary": {}}, "a": {"b": None}},
    ]  # fmt: skip
    columns = columns_of(documents)
    assert {one["name"]: (one["type"], one["required"]) for one in columns} == {
        "_id": ("string", True),
        "n": ("long", False),
        "at": ("datetime", False),
        "a": ("object", False),
        "mixed": ("any", False),
        "list": ("array", False),
        "<b>": ("binary", False),
    }
    # MLflow itself can read it.
    assert len(Schema.from_json(json.dumps(columns)).inputs) == 7


def test_a_schema_of_any_size_fits_into_a_store(kernel: Kernel) -> None:
    kernel.run(
        "r = db.wide.insert_one({f'field {n} ' + 'x' * 80: n for n in range(3000)})\n"
        "with mlflow.start_run() as run:\n    row = db.wide.find_one()"
    )
    (schema,) = facts(kernel, run_of(kernel))["schemas"]
    assert 40_000 < len(schema) <= 60_000
    assert json.loads(schema)["mlflow_colspec"][1]["name"] == "field 0 " + "x" * 80


def test_starting_a_run_costs_little(kernel: Kernel) -> None:
    kernel.run(
        "import time\n"
        "from argon.mlflow.context import ArgonRunContext\n"
        "context = ArgonRunContext()\n"
        "times = []\n"
        "for _ in range(20):\n"
        "    begin = time.perf_counter()\n"
        "    assert context.in_context() and context.tags()['argon.branch'] == 'clean'\n"
        "    times.append(time.perf_counter() - begin)\n"
        "from argon.mlflow import attach\n"
        "attach._open.clear()"
    )
    median = float(kernel.run("sorted(times)[10]").text)
    assert median < 0.1, f"{median * 1000:.1f} ms"


def python(code: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    import os

    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=280,
    )


def test_a_plain_script_gets_the_same(here: Places, tmp_path: Path) -> None:
    done = python(
        """
        import argon, mlflow, logging
        logging.disable(logging.INFO)
        mlflow.set_tracking_uri("sqlite:///mlflow.db")
        argon.init("script-birds")
        argon.db().birds.drop()
        argon.db().birds.insert_many([{"_id": n} for n in range(5)])
        with mlflow.start_run() as run:
            assert len(list(argon.db().birds.find())) == 5
        print(run.info.run_id)
        """,
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    run = done.stdout.strip()
    with Client(data=here.data) as client:
        assert client.run(run)["run"]["facts"]["status"] == "FINISHED"
    checked = python(
        f"""
        import mlflow
        mlflow.set_tracking_uri("sqlite:///mlflow.db")
        run = mlflow.get_run("{run}")
        print(run.data.tags["argon.project"], [one.dataset.name for one in run.inputs.dataset_inputs])
        """,
        tmp_path,
    )
    assert checked.stdout.strip() == "script-birds ['script-birds/birds']"


def test_a_run_that_a_script_leaves_open_is_told_its_end_also_when_it_was_taken_up_again(
    here: Places, tmp_path: Path
) -> None:
    prelude = """
        import argon, mlflow, logging
        logging.disable(logging.INFO)
        mlflow.set_tracking_uri("sqlite:///mlflow.db")
        argon.init("script-again")
        argon.db().birds.insert_one({})
    """
    begun = python(prelude + "    print(mlflow.start_run().info.run_id)", tmp_path)
    assert begun.returncode == 0, begun.stderr
    run = begun.stdout.strip()
    look = f"""
        import mlflow
        mlflow.set_tracking_uri("sqlite:///mlflow.db")
        tags = mlflow.get_run({run!r}).data.tags
        print(int(tags["argon.lsn_end"]) - int(tags["argon.lsn"]), tags["argon.moved"])
    """
    # MLflow itself ends a run that its script leaves open.
    assert python(look, tmp_path).stdout.strip() == "0 false"
    again = python(prelude + f"    mlflow.start_run(run_id={run!r})", tmp_path)
    assert again.returncode == 0, again.stderr
    assert python(look, tmp_path).stdout.strip() == "1 true"


def test_without_argon_a_run_is_what_it_was(tmp_path: Path) -> None:
    done = python(
        """
        import mlflow, sys
        mlflow.set_tracking_uri("sqlite:///mlflow.db")
        with mlflow.start_run() as run:
            pass
        tags = mlflow.get_run(run.info.run_id).data.tags
        print([name for name in tags if name.startswith("argon.")], "pymongo" in sys.modules, "argon.rpc" in sys.modules)
        """,
        tmp_path,
        ARGON_NODE="/nowhere",
    )
    assert done.stdout.strip() == "[] False False"
    assert "Argon" not in done.stderr


def test_a_bridge_that_is_gone_neither_fails_nor_delays_a_run(home: Path, tmp_path: Path) -> None:
    done = python(
        """
        import argon, mlflow, os, signal, time
        mlflow.set_tracking_uri("sqlite:///mlflow.db")
        argon.init("birds")
        with mlflow.start_run():
            pass
        pid = argon.Client().hello()["pid"]
        os.environ["ARGON_NODE"] = "/nowhere"
        os.kill(pid, signal.SIGKILL)
        time.sleep(0.2)
        from argon.mlflow.context import ArgonRunContext
        context = ArgonRunContext()
        begin = time.perf_counter()
        tags = context.tags() if context.in_context() else {}
        took = time.perf_counter() - begin
        with mlflow.start_run() as run:
            pass
        print(tags, took < 0.4, mlflow.get_run(run.info.run_id).info.status)
        """,
        tmp_path,
    )
    assert done.stdout.strip() == "{} True FINISHED", done.stderr


def test_a_bridge_that_hangs_holds_a_run_up_for_a_moment_only(home: Path, tmp_path: Path) -> None:
    done = python(
        """
        import os, signal, sys, time
        import argon, mlflow
        argon.init("birds")
        mlflow.set_tracking_uri("sqlite:///mlflow.db")
        with mlflow.start_run():
            pass
        pid = argon.Client().hello()["pid"]
        os.kill(pid, signal.SIGSTOP)
        try:
            from argon.mlflow.context import ArgonRunContext
            context = ArgonRunContext()
            begin = time.perf_counter()
            tags = context.tags() if context.in_context() else {}
            took = time.perf_counter() - begin
            with mlflow.start_run() as run:
                mlflow.log_metric("a", 1.0)
            print(sorted(tags), took < 1.0, mlflow.get_run(run.info.run_id).info.status)
        finally:
            os.kill(pid, signal.SIGCONT)
        """,
        tmp_path,
    )
    assert done.stdout.strip() == "['argon.context'] True FINISHED", done.stderr


def test_a_tracking_server_that_is_away_does_not_hold_the_cells(here: Places, tmp_path: Path) -> None:
    kernel = Kernel(tmp_path)
    try:
        kernel.run("%load_ext argon\n%argon init away\nimport argon, mlflow", timeout=120)
        # A run whose store is gone when the cell ends: what is left to be told waits beside the notebook.
        kernel.run(
            "mlflow.set_tracking_uri('http://127.0.0.1:9')\n"
            "from argon.mlflow.context import ArgonRunContext\n"
            "ArgonRunContext().tags()"
        )
        assert kernel.run("1 + 1").seconds < 1
        assert kernel.run("2 + 2").seconds < 1
    finally:
        kernel.stop()
