"""The life of kernels: loading, restart, interrupt, kill -9, several at once."""

from __future__ import annotations

import os
import re
import signal
import time
import uuid
from pathlib import Path

from argon.client import Client
from argon.launch import Places
from birds import kernel, project_of, running  # noqa: F401
from conftest import bridge_pids, kill_bridge_of
from kernels import Kernel


def test_loading_twice_and_unloading(here: Places, tmp_path: Path) -> None:
    kernel = Kernel(tmp_path)
    try:
        kernel.run("%load_ext argon")
        kernel.run("%load_ext argon\n%reload_ext argon")
        kernel.run("%argon init twice")
        kernel.run("import argon\nargon.db().things.insert_one({'_id': 1})", cell="the-cell")
        cells = kernel.run("%argon cells").json("cells")
        assert [one["cell"] for one in cells if one["writes"]] == ["the-cell"]
        kernel.run("%load_ext autoreload\n%autoreload 2\n%argon log")
        kernel.run("db = argon.db()\n%unload_ext argon")
        gone = kernel.run("%argon", check=None)
        assert "not found" in gone.text
        # What is in use goes on, and belongs to no cell any more.
        kernel.run("db.things.insert_one({'_id': 2})", cell="unseen")
        kernel.run("%load_ext argon")
        kernel.run("%reload_ext argon")
        assert kernel.run("db.things.count_documents({})").text == "2"
        assert "unseen" not in [one["cell"] for one in kernel.run("%argon cells").json("cells")]
        assert kernel.run("%argon").json("place")["project"] == "twice"
    finally:
        kernel.stop()


def test_a_restarted_kernel_is_where_it_was(here: Places, tmp_path: Path) -> None:
    kernel = Kernel(tmp_path)
    try:
        kernel.run("%load_ext argon")
        kernel.run("%argon init again")
        kernel.run("%argon branch create exp --switch")
        kernel.restart()
        loaded = kernel.run("%load_ext argon")
        assert "This kernel is at again/exp" in loaded.text
        assert kernel.run("%argon").json("place")["ref"] == "exp"
    finally:
        kernel.stop()


def test_two_kernels_on_two_branches(kernel: Kernel, here: Places, tmp_path: Path) -> None:
    name = project_of(kernel)
    other = Kernel(tmp_path)
    try:
        other.run(f"%load_ext argon\nimport argon\n%argon use {name}")
        other.run("%argon branch create theirs --switch")
        other.run("argon.db().birds.delete_many({'kind': 'adelie'})")
        assert kernel.run("len(list(db.birds.find()))").text == "40"
        assert other.run("len(list(argon.db().birds.find()))").text == "20"
        # One moves to the branch of the other, and both see the same.
        kernel.run("%argon checkout theirs")
        assert kernel.run("len(list(db.birds.find()))").text == "20"
    finally:
        other.stop()


def test_a_subprocess_and_a_thread_work_in_the_session(kernel: Kernel) -> None:
    kernel.run("%argon branch create side --switch")
    kernel.run(
        "import subprocess, sys, threading\n"
        "code = \"import argon; argon.db().birds.insert_one({'_id': 'from-a-process'})\"\n"
        "subprocess.run([sys.executable, '-c', code], check=True)\n"
        "thread = threading.Thread(target=lambda: db.birds.insert_one({'_id': 'from-a-thread'}))\n"
        "thread.start(); thread.join()"
    )
    diff = kernel.run("%argon diff main").text
    assert "+ birds/from-a-process  added" in diff
    assert "+ birds/from-a-thread  added" in diff


def test_verbs_are_quick(kernel: Kernel) -> None:
    """From the cell's point of view; the limits are those of the design, with room for a busy machine."""
    kernel.run("import time\ntimes = []")
    kernel.run(
        "for n in range(30):\n"
        "    begin = time.perf_counter()\n"
        "    made = get_ipython().run_line_magic('argon', f'branch create quick-{n}')\n"
        "    times.append(time.perf_counter() - begin)"
    )
    p95 = float(kernel.run("sorted(times)[28]").text)
    assert p95 < 0.1, f"branch create took {p95 * 1000:.1f} ms at p95"


def test_an_interrupt_stops_a_verb_within_a_second(home: Path) -> None:
    kernel = Kernel(home)
    try:
        kernel.run("%load_ext argon\n%argon init slow")
        (bridge,) = bridge_pids(home)
        os.kill(bridge, signal.SIGSTOP)
        message = kernel.send("%argon log")
        time.sleep(0.5)
        begin = time.monotonic()
        kernel.manager.interrupt_kernel()
        stopped = kernel.wait(message)
        assert time.monotonic() - begin < 1
        assert stopped.status == "error"
        assert "KeyboardInterrupt: stopped %argon log; nothing is half done" in stopped.text
        assert "Traceback" not in stopped.text
        os.kill(bridge, signal.SIGCONT)
        assert "nothing has been written yet" in kernel.run("%argon log").text
    finally:
        kernel.stop()


FRAME = """
import threading, time, pandas as pd
frame = pd.DataFrame({"_id": range(300_000), "x": [n / 7 for n in range(300_000)]})

def when(enough):
    # Says so from the middle of what the cell does.
    def wait():
        while not enough():
            time.sleep(0.005)
        print("now", flush=True)
    threading.Thread(target=wait, daemon=True).start()
"""


def test_an_interrupt_stops_a_frame_within_a_second_and_nothing_of_it_is_written(
    kernel: Kernel,
) -> None:
    kernel.run(FRAME)
    kernel.run(
        "def rows():\n    global made\n    for made, row in enumerate(frame.to_dict('records')):\n        yield row"
    )
    kernel.run("made = 0\ndb.rows.insert_one({'_id': -1})")
    sent = kernel.send("when(lambda: made > 10_000)\nargon.write(rows(), 'rows', key='_id')")
    kernel.wait_for_text(sent, "now")
    begin = time.monotonic()
    kernel.manager.interrupt_kernel()
    stopped = kernel.wait(sent)
    seconds = time.monotonic() - begin
    assert stopped.ename == "Interrupted"
    told = re.search(r"stopped writing rows after ([\d,]+) rows; nothing of it is written", stopped.text)
    assert told is not None, stopped.text
    assert int(told[1].replace(",", "")) >= 5_000
    assert "Traceback" not in stopped.text
    assert kernel.run("argon.db('main').rows.count_documents({})").text == "1"
    assert seconds < 5

    # A whole one is one change, and one undo takes it back.
    wrote = kernel.run("argon.write(frame[:20_000], 'rows')", timeout=120)
    assert kernel.run("db.rows.count_documents({})").text == "20001"
    kernel.run(f"%argon undo --cell {wrote.number}", timeout=120)
    assert kernel.run("db.rows.count_documents({})").text == "1"

    kernel.run("argon.write(frame[:60_000], 'rows', key=[])", timeout=120)
    sent = kernel.send(
        "import itertools\n"
        "reading = argon.read(None, 'rows')\n"
        "taken = 0\n"
        "when(lambda: taken > 10_000)\n"
        "for batch in itertools.chain.from_iterable(reading.batches(1_000) for _ in range(1_000)):\n"
        "    taken += len(batch)"
    )
    kernel.wait_for_text(sent, "now")
    begin = time.monotonic()
    kernel.manager.interrupt_kernel()
    assert kernel.wait(sent).ename == "KeyboardInterrupt"
    assert time.monotonic() - begin < 5
    # Nothing is left half done: what comes next works, with no cursor left open.
    read = kernel.run("print(len(reading.to_pandas()))", timeout=120)
    assert read.text.splitlines()[-1] == "60001"
    assert (
        kernel.run("db.client.admin.command('serverStatus')['metrics']['cursor']['open']['total']").text
        == "0"
    )


def test_kill_9_in_the_middle_of_a_cell_loses_nothing_and_the_kernel_goes_on(home: Path) -> None:
    kernel = Kernel(home)
    try:
        kernel.run("%load_ext argon\n%argon init birds\nimport argon\ndb = argon.db()")
        kernel.run("%argon branch create exp --switch")
        message = kernel.send(
            "acknowledged = []\n"
            "for n in range(300):\n"
            "    db.nests.insert_one({'_id': n})\n"
            "    acknowledged.append(n)"
        )
        for _ in range(2):
            time.sleep(0.4)
            kill_bridge_of(home)
        assert kernel.wait(message, 120).status == "ok"
        assert (
            kernel.run("[d['_id'] for d in db.nests.find()] == acknowledged == list(range(300))").text
            == "True"
        )
        facts = kernel.run("%argon").json("place")
        assert (facts["project"], facts["ref"], facts["lsn"]) == ("birds", "exp", 301)
        # What was written after the restart is still this cell's.
        assert kernel.run("%argon undo --lsn 2..301").json("applied")["state"] == "applied"
    finally:
        kernel.stop()


def test_a_sandbox_that_cannot_be_discarded_hides_no_error_and_says_where_it_is(home: Path) -> None:
    kernel = Kernel(home)
    try:
        kernel.run(
            "%load_ext argon\nimport argon, os\n%argon init shop\nargon.db().t.insert_one({'_id': 1});"
        )
        (pid,) = bridge_pids(home)
        failed = kernel.run(
            "%%argon sandbox\nargon.db().t.insert_one({'_id': 2})\n"
            f"os.environ['ARGON_BRIDGE'] = '/nowhere'\nos.kill({pid}, 9)\n1 / 0",
            check=False,
        )
        assert failed.ename == "ZeroDivisionError"
        assert "Sandbox of main@2: it could not be discarded" in failed.text
        assert "ARGON_BRIDGE is /nowhere, which is not a file" in failed.text
        branch = failed.json("sandbox")["branch"]
        assert f"The branch {branch} is still there, and goes by itself after a day" in failed.text
        there = kernel.run("del os.environ['ARGON_BRIDGE']\n%argon").json("place")
        assert there["ref"] == branch
        kernel.run(f"%argon checkout main\n%argon branch delete {branch}")
        assert kernel.run("argon.db().t.count_documents({})").text == "1"
    finally:
        kernel.stop()


def test_a_bridge_that_cannot_start_is_told_in_words(home: Path) -> None:
    kernel = Kernel(home, ARGON_NODE="/nowhere/node")
    try:
        loaded = kernel.run("%load_ext argon")
        assert "ArgonError: ARGON_NODE is /nowhere/node" in loaded.text
        assert "Code:  BRIDGE_NODE_MISSING" in kernel.run("%argon", check=False).text
        health = kernel.run("%argon health").text
        assert health.startswith("Something is wrong")
        assert "FAILED  ARGON_NODE is /nowhere/node" in health
        # As soon as the reason is gone, the verbs work.
        kernel.run("import os\ndel os.environ['ARGON_NODE']")
        kernel.run("%argon init now")
    finally:
        kernel.stop()


def test_tab_is_quick_with_thousands_of_branches(here: Places, tmp_path: Path) -> None:
    with Client(data=here.data) as client:
        project = client.projects.create(f"many-{uuid.uuid4().hex[:8]}")
        for n in range(1500):
            project.branches.create(f"exp/{n:04}")
    kernel = Kernel(tmp_path)
    try:
        kernel.run(f"%load_ext argon\n%argon use {project.name}")
        kernel.complete("%argon checkout exp/")
        begin = time.perf_counter()
        assert kernel.complete("%argon checkout exp/1234") == ["%argon checkout exp/1234"]
        assert time.perf_counter() - begin < 0.5
        # Letters in their order find it too, though there are more branches than are looked at closely.
        assert kernel.complete("%argon checkout e1234") == ["%argon checkout exp/1234"]
    finally:
        kernel.stop()
