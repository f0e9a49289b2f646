"""The Python types and the live traffic both follow schema/protocol."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from argon import __version__
from argon.client import Client, Project
from argon.errors import ArgonError
from argon.protocol import METHODS
from argon.rpc.repeat import REPEATABLE, REPEATABLE_WITH_CARE
from conftest import ROOT
from referencing import Registry, Resource

SCHEMAS = {
    path.name: json.loads(path.read_text("utf-8")) for path in (ROOT / "schema/protocol").glob("*.json")
}
REGISTRY: Registry[Any] = Registry().with_resources(
    (name, Resource.from_contents(schema)) for name, schema in SCHEMAS.items()
)


def test_the_generated_types_are_up_to_date() -> None:
    command = [sys.executable, str(ROOT / "tools/protocol_py.py"), "--check"]
    assert subprocess.run(command, capture_output=True, text=True).stderr == ""


def test_a_changed_schema_is_noticed(tmp_path: Path) -> None:
    """The check above can fail: a new method in a copy of the schema makes it say so."""
    (tmp_path / "tools").mkdir()
    (tmp_path / "kernel-bridge/python/argon").mkdir(parents=True)
    (tmp_path / "schema/protocol").mkdir(parents=True)
    script = tmp_path / "tools/protocol_py.py"
    script.write_text((ROOT / "tools/protocol_py.py").read_text("utf-8"))
    target = "kernel-bridge/python/argon/protocol.py"
    (tmp_path / target).write_text((ROOT / target).read_text("utf-8"))
    for name, schema in SCHEMAS.items():
        if name == "pin.json":
            schema = {**schema, "methods": {**schema["methods"], "pin.move": schema["methods"]["pin.delete"]}}
        (tmp_path / "schema/protocol" / name).write_text(json.dumps(schema))
    assert subprocess.run([sys.executable, str(script), "--check"], capture_output=True).returncode == 1


def test_versions_agree() -> None:
    assert json.loads((ROOT / "package.json").read_text("utf-8"))["version"] == __version__


def test_every_method_has_a_rule_for_a_lost_reply() -> None:
    """A new method must be put on one of the lists, or here, knowingly."""
    not_repeatable = {"branch.delete", "project.delete", "restore.apply", "session.cell", "shutdown"}
    assert set(METHODS) == REPEATABLE | REPEATABLE_WITH_CARE | not_repeatable


class Checked(Client):
    """Holds every request and every reply against the schema."""

    calls: set[str]

    def _checked(self, method: str, params: dict[str, Any]) -> Any:
        definition = next(
            (name, schema["methods"][method])
            for name, schema in SCHEMAS.items()
            if method in schema.get("methods", {})
        )
        name, rule = definition
        for part, value in (("params", params), ("result", None)):
            if part == "result":
                value = self.link.call(method, params)
            jsonschema.Draft7Validator({**rule[part], "$id": name}, registry=REGISTRY).validate(value)
        self.calls.add(method)
        return value

    def call(self, method: str, **params: Any) -> Any:
        return self._checked(method, params)

    def change(self, method: str, **params: Any) -> Any:
        return self._checked(method, params)


@pytest.mark.parametrize("again", ["once"])
def test_a_whole_story_keeps_to_the_schema(
    client: Client, project: Project, again: str, tmp_path: Path
) -> None:
    checked = Checked(link=client.link)
    checked.calls = set()
    mine = checked.project(project.name)
    client[project.name].birds.insert_many([{"_id": n, "mass": n * 10} for n in range(5)])
    exp = mine.branches.create("exp", from_="main")
    exp_db = client[mine.resolve("exp")["database"]]
    exp_db.birds.update_one({"_id": 1}, {"$set": {"mass": 11}})
    client[project.name].birds.update_one({"_id": 1}, {"$set": {"mass": 12}})
    exp_db.birds.delete_one({"_id": 2})
    assert [document["op"] for document in exp.refresh().diff()] == ["update", "delete"]
    both = {"collection": "birds", "id": {"$numberInt": "1"}}
    overlap = checked.call("merge.overlap", project=project.name, source="exp", into="main", documents=[both])
    assert (overlap["documents"], overlap["marks"]) == (1, ["asked"])
    plan = exp.merge_plan("main")
    (conflict,) = plan.conflicts()
    assert [c["id"] for c in plan.again().conflicts()] == [conflict["id"]]
    plan.answer({conflict["id"]: {"value": {"$numberInt": "13"}}})
    assert len(list(plan.documents())) == 2
    plan.apply()
    assert client[project.name].birds.find_one(1) == {"_id": 1, "mass": 13}
    mine.pin("gold", "main")
    mine.pins()
    mine.unpin("gold")
    mine.log()
    history = mine.history("main", "birds", {"$numberInt": "1"})["changes"]
    assert [change["op"] for change in history] == ["update", "update", "insert"]
    list(mine.changes(mine.branch("main").timeline, 1, 6))
    undo = mine.branch("exp").undo(lsn=(exp.refresh().head, exp.head))
    undo.apply()
    assert exp_db.birds.find_one(2) == {"_id": 2, "mass": 20}
    picked = mine.branches.create("picked", from_="main@5").pick("exp", lsn=(exp.refresh().head, exp.head))
    assert picked.info["kind"] == "pick"
    mine.branch("picked").protect(checks=["schema"])
    with pytest.raises(ArgonError, match="schema"):
        picked.apply()
    (said,) = picked.check("schema", False, "no mass").info["checks"]
    assert (said["passed"], said["detail"]) == (False, "no mass")
    assert picked.check("schema").apply().state == "applied"
    mine.branch("picked").protect(False)
    mine.branch("picked").delete()
    mine.branches.create("other", from_="main")
    client[mine.resolve("other")["database"]].birds.update_one({"_id": 1}, {"$set": {"mass": 1}})
    client[project.name].birds.update_one({"_id": 1}, {"$set": {"mass": 2}})
    ruled = mine.branch("other").merge_plan("main")
    assert ruled.answer_by([{"take": "newest"}, {"take": "theirs", "path": ["age"]}]).unanswered == 0
    assert ruled.apply().state == "applied"
    assert client[project.name].birds.find_one(1) == {"_id": 1, "mass": 2}
    assert [one["path"] for one in mine.blame("main", "birds", {"$numberInt": "1"})] == [["_id"], ["mass"]]
    (mass,) = mine.blame("main", "birds", {"$numberInt": "1"}, ["mass"])
    assert (mass["value"]["value"], mass["exact"], mass["runs"]) == ({"$numberInt": "2"}, True, [])
    back = mine.branch("main").restore_plan(
        f"main@{mass['lsn'] - 1}", collection="birds", ids=[{"$numberInt": "1"}]
    )
    assert back.apply().info["backup"].startswith("backup")
    assert client[project.name].birds.find_one(1) == {"_id": 1, "mass": 13}
    page = checked.call("documents.find", project=mine.name, ref="main", collection="birds", limit=2)
    assert [row["id"] for row in page["documents"]] == [{"$numberInt": "0"}, {"$numberInt": "1"}]
    rest = checked.call(
        "documents.find",
        project=mine.name,
        ref=page["state"]["ref"],
        collection="birds",
        after=page["next"],
    )
    assert [row["id"] for row in rest["documents"]] == [{"$numberInt": "3"}, {"$numberInt": "4"}]
    of = {"project": mine.name, "ref": "main", "collection": "birds"}
    assert checked.call("documents.count", filter={"mass": {"$gt": 30}}, **of)["count"] == 1
    assert checked.call("documents.statistics", **of)["count"] == 4
    moved = checked.call(
        "documents.compare", project=mine.name, collection="birds", **{"from": "main@6", "to": "main"}
    )
    assert {row["op"] for row in moved["documents"]} == {"update", "delete"}
    assert checked.call("documents.cancel", request="none") == {"cancelled": False}
    feed = mine.feed()
    assert [change["lsn"] for change in feed] == list(range(1, mine.info["head"] + 1))
    assert feed.lsn == mine.info["head"]
    assert list(mine.feed(feed.lsn)) == []
    mine.branch("other").delete()
    mine.plans()
    mine.plan(undo.id)
    mine.branch("exp").restore_preview("main@6")
    mine.branch("exp").restore("main@6")
    mine.branch("exp").protect()
    mine.branch("exp").protect(False)
    mine.branch("exp").rename("renamed")
    mine.branches.list()
    checked.call("run.register", project=mine.name, run="r1", ref="main@6", facts={"name": "one"})
    checked.call("run.update", project=mine.name, run="r1", facts={"status": "FINISHED"})
    checked.run("r1")
    assert [run["id"] for run in mine.runs(metrics=[{"name": "auc", "is": "<", "value": 0.5}])] == []
    assert [run["id"] for run in mine.runs(branch="main", search="r1", limit=1)] == ["r1"]
    found = checked.call("run.affected", project=mine.name, collection="birds", id={"$numberInt": "1"})
    assert [item["run"]["id"] for item in found["runs"]] == ["r1"]
    (seen,) = checked.call("lineage.graph", project=mine.name)["data"]
    assert (seen["lsn"], seen["documents"]) == (6, mine.collections("run:r1")["collections"][0]["count"])
    mine.collections("run:r1")
    assert "releasedAt" in checked.call("run.release", project=mine.name, run="r1")
    mine.branch("renamed").delete()
    checked.status()
    assert checked.call("keeping.gc", project=mine.name, keepLsns=3)["dryRun"]
    checked.change("keeping.setRetention", project=mine.name, keepSeconds=86_400)
    assert checked.call("keeping.retention", project=mine.name) == {"keepSeconds": 86_400}
    assert checked.call("keeping.verify")["problems"] == []
    assert checked.call("keeping.automatic", enabled=True)["automatic"]
    assert checked.call("keeping.compact")["stateBytes"] > 0
    assert checked.call("keeping.backup", folder=str(tmp_path))["files"] == 1
    checked.call("session.open", id="s1", project=mine.name)
    checked.call("session.checkout", id="s1", ref="main@3")
    checked.call("session.cell", id="s1", cell={"id": "c", "number": 1, "source": "x"})
    checked.call("session.cell", id="s1", cell=None)
    checked.call("session.cells", id="s1")
    assert checked.call("session.stale", id="s1") == {"stale": [], "plan": []}
    checked.call("session.get", id="s1")
    checked.call("session.list")
    checked.call("session.close", id="s1")
    checked.projects.list()
    checked.projects.create("another", ensure=True)
    checked.projects.delete("another", confirm="another")
    missed = set(METHODS) - checked.calls - {"hello", "subscribe", "unsubscribe", "shutdown"}
    assert not missed
