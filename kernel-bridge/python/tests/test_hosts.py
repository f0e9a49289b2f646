"""Argon where notebooks live: nbconvert, injected parameters, autoreload, two notebooks, threads and processes."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import argon
import nbformat
from argon.launch import Places
from birds import kernel, project_of, running  # noqa: F401
from conftest import bridge_pids, wait_until
from kernels import Kernel
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook


def write_notebook(directory: Path, *sources: str) -> Path:
    path = directory / "report.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in sources]), path)
    return path


def test_nbconvert_runs_a_notebook_and_its_page_holds_no_markup_of_names(home: Path) -> None:
    """As a report that is made every night: no bridge runs before, and none stays."""
    path = write_notebook(
        home,
        "%load_ext argon\n%argon init nightly",
        "import argon\ndb = argon.db()\ndb.things.insert_one({'_id': '<script>alert(1)</script>'})",
        "%argon branch create '<img src=x onerror=alert(1)>'",
        "%argon log",
        "%argon history things '<script>alert(1)</script>'",
    )
    done = subprocess.run(
        [sys.executable, "-m", "nbconvert", "--execute", "--to", "html", "--output", "report", str(path)],
        capture_output=True,
        text=True,
        timeout=180,
        cwd=home,
    )
    assert done.returncode == 0, done.stderr
    page = (home / "report.html").read_text("utf-8")
    assert "collection things created; 1 insert in things" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page
    assert "<img src=x" not in page
    wait_until(lambda: not bridge_pids(home), 30, "the end of the bridge")


def test_nbconvert_ends_with_an_error_where_a_verb_is_refused(home: Path) -> None:
    path = write_notebook(
        home, "%load_ext argon\n%argon init nightly", "%argon checkout mian", "print('never')"
    )
    done = subprocess.run(
        [sys.executable, "-m", "nbconvert", "--execute", "--to", "notebook", "--output", "out", str(path)],
        capture_output=True,
        text=True,
        timeout=180,
        cwd=home,
    )
    assert done.returncode != 0
    assert 'ArgonError: There is no branch, pin or run called "mian"' in done.stderr
    assert not (home / "out.ipynb").exists()


def test_papermill_runs_a_notebook_again_with_other_parameters(home: Path) -> None:
    book = new_notebook(
        cells=[
            new_code_cell("branch = 'main'\nprice = 1", metadata={"tags": ["parameters"]}),
            new_code_cell("%load_ext argon\n%argon init shop\nimport argon"),
            new_code_cell("%argon branch create {branch} --switch --ensure\n%argon checkout {branch}"),
            new_code_cell("argon.db().prices.replace_one({'_id': 1}, {'price': price}, upsert=True)"),
            new_code_cell("%%argon sandbox\nargon.db().prices.delete_many({})"),
            new_code_cell("print(branch, argon.db().prices.find_one()['price'])\n%argon diff main {branch}"),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(book, home / "prices.ipynb")

    def papermill(*parameters: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "papermill", "prices.ipynb", "out.ipynb", "--kernel", "python3",
             "--no-progress-bar", *parameters],
            capture_output=True, text=True, timeout=180, cwd=home,
        )  # fmt: skip

    for branch, price in (("exp-1", "7"), ("exp-2", "8"), ("exp-1", "9")):
        done = papermill("-p", "branch", branch, "-p", "price", price)
        assert done.returncode == 0, done.stderr
        printed, diff = nbformat.read(home / "out.ipynb", as_version=4).cells[-1].outputs
        assert printed["text"].strip() == f"{branch} {price}"
        (document,) = diff["data"]["application/vnd.argon.diff+json"]["documents"]
        assert document["op"] == "insert"
    refused = papermill("-p", "branch", "no@name")
    assert refused.returncode != 0
    assert "ArgonError" in refused.stderr


def test_injected_parameters_choose_the_data(home: Path) -> None:
    """As papermill does it: a cell with parameters is put behind the defaults, and nbclient runs the whole."""
    defaults = new_code_cell("ref = 'main'", metadata={"tags": ["parameters"]})
    cells = [
        new_code_cell("%load_ext argon\n%argon init sweep\nimport argon"),
        new_code_cell("argon.db().things.insert_many([{'_id': n} for n in range(10)])"),
        defaults,
        new_code_cell("found = argon.db(ref).things.count_documents({})\nfound"),
        new_code_cell("%argon diff {ref} main"),
    ]
    for ref, count in (("main@1", "0"), ("main@6", "5"), ("main", "10")):
        injected = new_code_cell(f"ref = {ref!r}", metadata={"tags": ["injected-parameters"]})
        book = new_notebook(cells=[*cells[:3], injected, *cells[3:]])
        if ref != "main@1":
            book.cells[1] = new_code_cell("# loaded by the first run")
        NotebookClient(
            book, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(home)}}
        ).execute()
        assert book.cells[-2].outputs[-1]["data"]["text/plain"] == count
        assert "application/vnd.argon.diff+json" in book.cells[-1].outputs[-1]["data"]


def test_a_module_of_ones_own_is_reloaded_and_stays_in_the_session(home: Path) -> None:
    helper = home / "helper.py"
    helper.write_text(
        "import argon\n\ndef count():\n    return argon.db().things.count_documents({})\n", "utf-8"
    )
    kernel = Kernel(home)
    try:
        kernel.run(
            "%load_ext argon\n%load_ext autoreload\n%autoreload 2\n%argon init auto\nimport argon, helper"
        )
        kernel.run("%argon branch create exp --switch\nargon.db().things.insert_one({'_id': 1});")
        assert kernel.run("helper.count()").text == "1"
        time.sleep(1.1)  # autoreload looks at whole seconds
        helper.write_text(
            helper.read_text("utf-8").replace("count_documents({})", "count_documents({}) * 100"), "utf-8"
        )
        counted = kernel.run("helper.count()")
        assert counted.text == "100"
        reads = kernel.run("%argon cells --limit 3").json("cells")
        (mine,) = [one for one in reads if one.get("cellNumber") == counted.number]
        assert [one["ref"].split("@")[0] for one in mine["reads"]] == ["exp"]
    finally:
        kernel.stop()


def test_argon_itself_may_be_reloaded_by_autoreload(home: Path) -> None:
    """As after an upgrade in a running kernel, or for whoever works on Argon."""
    source = Path(argon.__file__).parent
    copy = home / "python" / "argon"
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__", "bridge", "labextension"))
    from argon.launch.script import find_script

    kernel = Kernel(home, PYTHONPATH=str(home / "python"), ARGON_BRIDGE=str(find_script()))
    try:
        kernel.run("%load_ext argon\n%load_ext autoreload\n%autoreload 2\n%argon init upgrade\nimport argon")
        assert kernel.run("argon.__file__").text == repr(str(copy / "__init__.py"))
        kernel.run("db = argon.db()\n%argon branch create exp --switch")
        time.sleep(1.1)
        for path in copy.rglob("*.py"):
            path.write_text(path.read_text("utf-8") + "\n# A newer version.\n", "utf-8")
        reloaded = kernel.run("1 + 1")
        assert "failed" not in reloaded.text.lower(), reloaded.text
        assert kernel.run("%argon").json("place")["ref"] == "exp"
        wrote = kernel.run("db.things.insert_one({'_id': 1})", cell="after")
        cells = kernel.run("%argon cells").json("cells")
        assert [(one["cell"], one["cellNumber"]) for one in cells if one["writes"]] == [
            ("after", wrote.number)
        ]
        kernel.run("%reload_ext argon")
        kernel.run("argon.db().things.insert_one({'_id': 2})", cell="later")
        undone = kernel.run("%argon undo --cell")
        assert "Undone" in undone.text
        assert kernel.run("[one['_id'] for one in db.things.find()]").text == "[1]"
    finally:
        kernel.stop()


def test_two_notebooks_on_one_branch_keep_their_cells_apart(
    kernel: Kernel, here: Places, tmp_path: Path
) -> None:
    name = project_of(kernel)
    kernel.run("%argon branch create both --switch\ndb = argon.db()")
    other = Kernel(tmp_path, JPY_SESSION_NAME="other.ipynb")
    try:
        other.run(f"%load_ext argon\nimport argon\n%argon use {name}\n%argon checkout both\ndb = argon.db()")
        mine = kernel.run("db.nests.insert_one({'_id': 'mine'});", cell="shared-id")
        other.run("db.nests.insert_one({'_id': 'theirs'});", cell="shared-id")
        # Each sees what the other wrote at once, and knows whose it was.
        assert other.run("sorted(one['_id'] for one in db.nests.find())").text == "['mine', 'theirs']"
        log = kernel.run("%argon log --limit 4").text
        assert "in birds.ipynb" in log
        assert "in other.ipynb" in log
        # A cell reads, and the other notebook makes it stale.
        kernel.run("n = len(list(db.nests.find()))", cell="reader")
        other.run("db.nests.insert_one({'_id': 'late'});", cell="late")
        stale = kernel.run("%argon stale").json("stale")
        assert "reader" in [one["cell"] for one in stale]
        assert "reader" not in [one["cell"] for one in other.run("%argon stale").json("stale")]
        # Undo of one leaves the other's alone.
        kernel.run(f"%argon undo --cell {mine.number}")
        assert other.run("sorted(one['_id'] for one in db.nests.find())").text == "['late', 'theirs']"
    finally:
        other.stop()


def test_what_a_thread_and_a_subprocess_do_belongs_to_their_cell(kernel: Kernel) -> None:
    kernel.run("%argon branch create beside --switch\ndb = argon.db()")
    ran = kernel.run(
        "import subprocess, sys, threading\n"
        "code = \"import argon; db = argon.db(); db.birds.find_one({'_id': 'A001'}); db.birds.insert_one({'_id': 'process'})\"\n"
        "subprocess.run([sys.executable, '-c', code], check=True)\n"
        "thread = threading.Thread(target=lambda: db.birds.insert_one({'_id': 'thread'}))\n"
        "thread.start(); thread.join()",
        cell="beside",
    )
    cells = kernel.run("%argon cells --limit 5").json("cells")
    (activity,) = [one for one in cells if one["cell"] == "beside"]
    assert activity["cellNumber"] == ran.number
    assert [one["collection"] for one in activity["reads"]] == ["birds"]
    assert sum(one["inserts"] for one in activity["writes"]) == 2
    kernel.run(f"%argon undo --cell {ran.number}")
    assert kernel.run("db.birds.count_documents({'_id': {'$in': ['process', 'thread']}})").text == "0"


def test_timing_and_capturing_a_cell_that_runs_elsewhere(kernel: Kernel) -> None:
    timed = kernel.run("%%time\n%%argon sandbox\ndb.birds.delete_many({'kind': 'adelie'})")
    assert "Wall time" in timed.text
    assert "20 documents changed, then discarded" in timed.text
    captured = kernel.run("%%capture seen\n%%argon at main@21\nprint(len(list(db.birds.find())))")
    assert captured.text == ""
    assert kernel.run("seen.stdout.strip()").text == "'20'"
    assert kernel.run("len(list(db.birds.find()))").text == "40"
