"""Runs of a real Weights & Biases, offline, know their data."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon.client import Client
from argon.launch import Places

SCRIPT = """
import json, sys
import argon, wandb
argon.init(sys.argv[1])
db = argon.db()
db["birds & bees"].insert_many([{"_id": n} for n in range(int(sys.argv[2]))])
argon.write([{"_id": 1}], "sites")
run = wandb.init(project="birds", name="first", dir=".")
with argon.wandb.attach() as attached:
    seen = dict(run.config["argon"])
    db.sites.insert_one({"_id": 2})
print(json.dumps({"id": attached.id, "config": seen, "end": {k: run.summary[k] for k in ("argon.lsn", "argon.lsn_end", "argon.moved")}}))
run.finish()
"""


@pytest.fixture
def directory(here: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    for name in ("CONFIG", "CACHE", "DATA", "ARTIFACT"):
        monkeypatch.setenv(f"WANDB_{name}_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def python(code: str, *args: str) -> str:
    done = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def test_an_offline_run_says_which_data_it_saw(directory: Path, client: Client) -> None:
    told = json.loads(python(SCRIPT, "wandb-one", "10"))
    project = client.project("wandb-one")
    state = project.collections(f"main@{told['config']['lsn']}")
    head = project.branch("main").head
    assert told["config"]["digest"] == state["digest"]
    assert (told["config"]["project"], told["config"]["branch"]) == ("wandb-one", "main")
    assert told["config"]["run"] == told["id"]
    assert told["end"] == {
        "argon.lsn": int(told["config"]["lsn"]),
        "argon.lsn_end": str(head),
        "argon.moved": "true",
    }
    run = client.run(told["id"])
    assert run["run"]["digest"] == state["digest"]
    assert run["run"]["facts"]["experiment"] == "birds"
    assert run["run"]["facts"]["status"] == "FINISHED"
    # The state stays readable for the run, whatever becomes of the branch.
    things = client.database("wandb-one")["birds & bees"]
    things.delete_many({})
    client.call("keeping.gc", project="wandb-one", apply=True, keepLsns=0)
    assert project.collections(f"run:{told['id']}")["digest"] == state["digest"]
    # What W&B will send has the artifact with a reference by content for each collection.
    (written,) = directory.glob("wandb/offline-run-*/run-*.wandb")
    sent = written.read_bytes()
    digests = {one["name"]: one["digest"] for one in state["collections"]}
    assert f"argon://wandb-one/birds%20%26%20bees#{digests['birds & bees']}".encode() in sent
    assert b"argon-wandb-one" in sent


def test_without_a_run_or_a_project_it_says_so(directory: Path) -> None:
    code = """
import argon, argon.wandb, wandb, json
codes = []
def refused():
    try:
        argon.wandb.attach()
    except argon.ArgonError as error:
        codes.append(error.code)
refused()
run = wandb.init(project="birds", dir=".")
refused()
run.finish()
print(json.dumps(codes))
"""
    assert json.loads(python(code)) == ["NO_RUN", "NO_PROJECT"]


def test_neither_tool_is_imported_unless_it_is_used(directory: Path) -> None:
    code = """
import argon, sys, json
argon.init("plain"); argon.db().things.insert_one({})
print(json.dumps([name for name in ("wandb", "dvc", "ruamel", "mlflow") if name in sys.modules]))
"""
    assert json.loads(python(code)) == []
