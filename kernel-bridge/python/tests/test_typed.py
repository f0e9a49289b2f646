"""The client is typed: a program of a user holds under `mypy --strict`, and a wrong one does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import argon

RIGHT = """
import asyncio
import argon


def main() -> int:
    client = argon.Client()
    project = client.projects.create("churn", ensure=True)
    branch = project.branches.create("exp-1", from_="main", ensure=True)
    branch.db()["users"].insert_one({"_id": 1, "plan": "pro"})
    frame = argon.read("main@0", "users", {"plan": "pro"}, ["plan"], project="churn").to_pandas()
    done = argon.write(frame, "users", key="_id")
    total: int = done.matched + done.inserted
    plan = branch.merge_plan(into="main")
    for conflict in plan.conflicts():
        plan.answer({conflict["id"]: {"take": "theirs"}})
    plan.apply()
    for document in branch.diff():
        print(document["op"], document["collection"])
    with argon.at("main@3"), argon.sandbox() as box:
        box.keep("kept")
    if box.diff is not None:
        total += box.diff.count
    with client.events("churn") as events:
        event = events.next(seconds=1)
        if event is not None:
            print(event["type"])
    try:
        project.branch("nope")
    except argon.ArgonError as error:
        print(error.code, error.next)
    return total


async def heads() -> dict[str, int]:
    async with argon.AsyncClient() as client:
        project = await client.projects.get("churn")
        async for change in project.feed(after=0):
            print(change["op"], change["lsn"])
        plan = await project.undo("main", lsn=(1, 2))
        await plan.apply()
        return {branch.name: branch.head for branch in await project.branches.list()}


print(main(), asyncio.run(heads()))
"""

WRONG = """
import argon

project = argon.Client().project("churn")
name: int = project.branch("main").name
project.branches.create("x", frm="main")
for pin in project.pins():
    print(pin["nmae"])
"""


def test_a_program_holds_under_mypy_strict_and_a_wrong_one_does_not(tmp_path: Path) -> None:
    (tmp_path / "right.py").write_text(RIGHT)
    (tmp_path / "wrong.py").write_text(WRONG)
    package = Path(argon.__file__).parent
    assert (package / "py.typed").is_file()
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--ignore-missing-imports", "right.py", "wrong.py"],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(package.parent)},
        capture_output=True,
        text=True,
    )
    errors = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert all(line.startswith("wrong.py") for line in errors), done.stdout
    assert [code in done.stdout for code in ("[assignment]", "[call-arg]", "[typeddict-item]")] == [True] * 3
