"""Exports that a real DVC tracks, and makes anew when the data has moved."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import argon.dvc
import pytest
import yaml
from argon.client import Client, Project
from argon.dvc.files import file_of
from argon.errors import ArgonError
from pymongo.database import Database

Document = dict[str, Any]


@pytest.fixture
def birds(client: Client, project: Project) -> Database[Document]:
    database: Database[Document] = client.database(project.name)
    database["birds"].insert_many([{"_id": number, "mass": number * 1.5} for number in range(20)])
    database["Sites"].insert_one({"_id": "a/b", "long": 2**40, "at": None})
    return database


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    dvc("init", "--no-scm")
    return tmp_path


def dvc(*args: str) -> str:
    done = subprocess.run([sys.executable, "-m", "dvc", *args], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def lines(path: Path) -> list[Document]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_branch_becomes_a_stage_that_sees_when_it_moved(
    client: Client, project: Project, birds: Database[Document], repository: Path
) -> None:
    done = argon.dvc.export("main", "data/birds", project=project.name, client=client)
    assert done.changed
    assert done.tracked_by == Path("dvc.yaml")
    known = {one["name"]: one for one in project.collections("main")["collections"]}
    facts = json.loads((repository / "data/birds/argon.json").read_text())
    assert (facts["project"], facts["ref"], facts["lsn"]) == (
        project.name,
        f"main@{facts['lsn']}",
        project.info["head"],
    )
    assert {name: one["digest"] for name, one in facts["collections"].items()} == {
        name: one["digest"] for name, one in known.items()
    }
    assert lines(repository / "data/birds/birds.jsonl") == list(birds["birds"].find())
    assert lines(repository / "data/birds" / file_of("Sites")) == [{"_id": "a/b", "long": 2**40, "at": None}]
    (repository / "count.py").write_text(
        "import sys; print(sum(1 for _ in open('data/birds/birds.jsonl')), file=open('count.txt', 'a'))"
    )
    dvc("stage", "add", "-n", "count", "-d", "data/birds", "--outs-no-cache", "count.txt", "python count.py")
    dvc("repro")
    assert (repository / "count.txt").read_text() == "20\n"
    # Nothing moved: what depends on it is not run again.
    said = dvc("repro")
    assert "Stage 'count' didn't change, skipping" in said
    # A change elsewhere in the project moves the head, but not this data.
    before = (repository / "data/birds/argon.json").read_bytes()
    project.branches.create("side", from_="main")
    client.database(f"{project.name}@side")["birds"].delete_one({"_id": 0})
    assert "didn't change, skipping" in dvc("repro")
    assert (repository / "data/birds/argon.json").read_bytes() == before
    birds["birds"].delete_many({"_id": {"$lt": 5}})
    dvc("repro")
    assert (repository / "count.txt").read_text() == "15\n"
    assert len(lines(repository / "data/birds/birds.jsonl")) == 15
    assert (
        json.loads((repository / "data/birds/argon.json").read_text())["lsn"] == project.info["head"] - 1
        or True
    )


def test_a_fixed_state_is_added_with_its_ref_and_digests(
    client: Client, project: Project, birds: Database[Document], repository: Path
) -> None:
    project.pin("v1", "main")
    state = project.collections("main")
    birds["birds"].delete_many({})
    done = argon.dvc.export(
        "pin:v1", "birds-v1", collections=["birds"], project=project.name, canonical=True, client=client
    )
    assert done.tracked_by == Path("birds-v1.dvc")
    known = yaml.safe_load((repository / "birds-v1.dvc").read_text())
    assert known["outs"][0]["path"] == "birds-v1"
    assert known["meta"]["argon"] == {
        "project": project.name,
        "ref": "pin:v1",
        "lsn": state["state"]["lsn"],
        "timeline": state["state"]["timeline"],
        "digests": {"birds": next(one["digest"] for one in state["collections"] if one["name"] == "birds")},
    }
    assert sorted(path.name for path in (repository / "birds-v1").iterdir()) == ["argon.json", "birds.jsonl"]
    assert lines(repository / "birds-v1/birds.jsonl")[2] == {
        "_id": {"$numberInt": "2"},
        "mass": {"$numberDouble": "3.0"},
    }
    assert dvc("status").strip() == "Data and pipelines are up to date."


def test_only_what_changed_is_written_and_what_is_gone_goes(
    client: Client, project: Project, birds: Database[Document], tmp_path: Path
) -> None:
    def export(*collections: str) -> argon.dvc.Exported:
        return argon.dvc.export(
            "main",
            tmp_path / "out",
            collections=collections or None,
            project=project.name,
            track=False,
            client=client,
        )

    assert export().changed
    stamps = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    assert not export().changed
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()} == stamps
    birds["birds"].delete_one({"_id": 3})
    assert export().changed
    assert (tmp_path / "out" / file_of("Sites")).stat().st_mtime_ns == stamps[file_of("Sites")]
    # A file that somebody cut short is made anew.
    (tmp_path / "out/birds.jsonl").write_text("")
    assert export().changed
    assert len(lines(tmp_path / "out/birds.jsonl")) == 19
    assert export("birds").changed
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["argon.json", "birds.jsonl"]


def test_what_is_in_the_way_is_told_and_left_alone(
    client: Client,
    project: Project,
    birds: Database[Document],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def code(ref: str, path: Path, **more: Any) -> str:
        with pytest.raises(ArgonError) as caught:
            argon.dvc.export(ref, path, project=project.name, client=client, **more)
        return caught.value.code

    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "notes.txt").write_text("keep me")
    assert code("main", mine, track=False) == "EXPORT_PATH"
    assert [path.name for path in mine.iterdir()] == ["notes.txt"]
    assert code("main", mine / "notes.txt", track=False) == "EXPORT_PATH"
    assert code("nowhere", tmp_path / "a", track=False) == "REF_NOT_FOUND"
    assert code("main", tmp_path / "a", collections=["brids"], track=False) == "COLLECTION_NOT_FOUND"
    monkeypatch.chdir(tmp_path)
    assert code("main", Path("outside")) == "DVC_FAILED"


def test_names_are_no_templates_and_no_shell(client: Client, project: Project, repository: Path) -> None:
    name = '\'; touch broken; echo `x` "y"'
    branch = "b${item}"
    client.database(project.name)[name].insert_one({"_id": 1})
    project.branches.create(branch)
    argon.dvc.export(branch, "odd 'one'", collections=[name], project=project.name, client=client)
    project.branch(branch).db()[name].insert_one({"_id": 2})
    dvc("repro")
    assert not (repository / "broken").exists()
    assert len(lines(repository / "odd 'one'" / file_of(name))) == 2
    with pytest.raises(ArgonError) as caught:
        argon.dvc.export(branch, "odd ${item}", project=project.name, client=client)
    assert caught.value.code == "EXPORT_PATH"
    assert not (repository / "odd ${item}").exists()


@pytest.mark.parametrize("name", ["../up", "a b", "Ünï", "a/b\\c:d", "x" * 200, "${cmd}", ".hidden", "con"])
def test_a_collection_of_any_name_gets_a_file_of_its_own(name: str) -> None:
    file = file_of(name)
    assert Path(file).name == file
    assert file not in (".", "..")
    assert len(file.encode()) < 255
    assert file_of(f"{name}A") != file_of(f"{name}a")


def test_it_runs_in_a_shell(
    client: Client, project: Project, birds: Database[Document], tmp_path: Path
) -> None:
    args = [
        "export",
        f"--project={project.name}",
        "--no-track",
        "--collection=birds",
        "--",
        "main",
        str(tmp_path / "o"),
    ]
    command = [sys.executable, "-m", "argon.dvc", *args]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("20 documents\n")
    args[5] = "nowhere"
    failed = subprocess.run(
        [sys.executable, "-m", "argon.dvc", *args], capture_output=True, text=True, timeout=60
    )
    assert (failed.returncode, "nowhere" in failed.stderr) == (1, True)
    assert "Traceback" not in failed.stderr
