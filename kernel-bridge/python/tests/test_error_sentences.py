"""Every error that a notebook may meet, through a real kernel and a real bridge: its sentence, its code, what to do next.

Each stops "Run All", and none has a traceback.
"""

from __future__ import annotations

import errno
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon.launch import BridgeProcess, places
from birds import kernel, running  # noqa: F401
from conftest import bridge_pids, kill_bridge_of
from kernels import Kernel


@pytest.fixture
def own(home: Path) -> Iterator[Kernel]:
    """A kernel with a bridge of its own, which the test may hurt."""
    made = Kernel(home)
    try:
        yield made
    finally:
        made.stop()


def refusal(kernel: Kernel, code: str, timeout: float = 60) -> list[str]:
    """The lines of the error that `code` ends with, after it was seen to stop what comes behind it."""
    # What waits when a cell fails is dropped; both have to be there by then.
    first = kernel.send(code if code.startswith("%%") else f"__import__('time').sleep(0.5)\n{code}")
    second = kernel.send("print('still running')")
    refused = kernel.wait(first, timeout)
    assert kernel.wait(second, timeout).status == "aborted", "the cell behind it ran"
    assert refused.status == "error", refused.text
    assert refused.ename == "ArgonError"
    lines = refused.text.splitlines()
    begin = max(index for index, line in enumerate(lines) if line.startswith("ArgonError: "))
    assert not any("Traceback" in line or line.startswith("File ") for line in lines)
    assert any(line.startswith("Next:  ") for line in lines[begin:]), lines
    assert lines[-1].startswith("Code:  ")
    return lines[begin:]


def script(directory: Path, text: str) -> Path:
    path = directory / "main.js"
    path.write_text(text)
    return path


def test_the_bridge_is_down(own: Kernel, home: Path) -> None:
    own.run("%load_ext argon\n%argon init down")
    broken = script(home, "console.error('the moon is in the wrong place'); process.exit(7)")
    own.run(f"import os\nos.environ['ARGON_BRIDGE'] = {str(broken)!r}")
    kill_bridge_of(home)
    log = places(home / "data").log
    assert refusal(own, "%argon log") == [
        "ArgonError: the bridge ended with code 7 while it started: the moon is in the wrong place",
        f"Next:  read {log}",
        "Code:  BRIDGE_START_FAILED",
    ]
    # As soon as the reason is gone, the kernel is where it was.
    own.run("del os.environ['ARGON_BRIDGE']")
    assert own.run("%argon").json("place")["project"] == "down"


def test_the_bridge_of_another_machine_is_down(kernel: Kernel) -> None:
    lines = refusal(
        kernel,
        "import argon.rpc.link\nargon.rpc.link.Link.call.__kwdefaults__['wait'] = 0.5\n"
        "argon.Client('ws://127.0.0.1:9/rpc?token=secret').status()",
    )
    kernel.run("argon.rpc.link.Link.call.__kwdefaults__['wait'] = 30.0")
    assert lines == [
        "ArgonError: the bridge at ws://127.0.0.1:9/rpc cannot be reached",
        "Next:  check the address and the token",
        "Code:  BRIDGE_UNAVAILABLE",
    ]


def test_the_bridge_is_restarting(own: Kernel, home: Path) -> None:
    own.run("%load_ext argon\n%argon init again\nimport argon.rpc.link, os")
    real = own.run("from argon.launch.script import find_script\nprint(find_script())").text.strip()
    slow = script(home, f"setTimeout(() => require({real!r}), 6_000)")
    own.run(
        f"os.environ['ARGON_BRIDGE'] = {str(slow)!r}\nargon.rpc.link.Link.call.__kwdefaults__['wait'] = 0.5"
    )
    kill_bridge_of(home)
    time.sleep(0.5)
    log = places(home / "data").log
    assert refusal(own, "%argon log") == [
        f"ArgonError: the bridge for {home / 'data'} is starting again and is not ready yet",
        "Next:  run the cell again in a moment: nothing was lost",
        f"       read {log}",
        "Code:  BRIDGE_STARTING",
    ]
    # With patience the verb waits until it is there, and does not notice.
    own.run("argon.rpc.link.Link.call.__kwdefaults__['wait'] = 30.0")
    assert "nothing has been written yet" in own.run("%argon log").text


def test_the_bridge_is_of_another_version(own: Kernel, home: Path) -> None:
    own.run("%load_ext argon\n%argon init versions\n%argon branch create exp")
    own.run("import argon.rpc.connection\nargon.rpc.connection.PROTOCOL_VERSION += 1")
    # The next connection says hello with the other version.
    kill_bridge_of(home)
    # What only reads works; what changes something says why not.
    assert own.run("%argon branch list").json("branches")["total"] == 2
    first, *rest = refusal(own, "%argon branch create other")
    assert first.startswith("ArgonError: This client can only read from the bridge ")
    assert "their versions do not fit together" in first
    assert rest == [
        "Next:  restart the bridge and the kernel after an upgrade",
        "Code:  BRIDGE_VERSION",
    ]
    assert "it is read-only" in own.run("%argon health").text


def test_the_data_directory_is_locked(own: Kernel, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARGON_RUNTIME_DIR", str(home / "elsewhere"))
    other = BridgeProcess(places(home / "data"), owned=True)
    other.start()
    try:
        loaded = own.run("%load_ext argon")
        assert "Code:  DIRECTORY_LOCKED" in loaded.text
        first, *rest = refusal(own, "%argon")
        assert first.startswith("ArgonError: ")
        assert str(home / "data") in first
        assert rest == [
            "Next:  close the other one, or set ARGON_DATA to another directory",
            "Code:  DIRECTORY_LOCKED",
        ]
    finally:
        other.stop()
    assert own.run("%argon init free").json("place")["project"] == "free"


def fill(path: Path) -> None:
    """Writes until the file system is full."""
    with path.open("wb", buffering=0) as file:
        while True:
            try:
                file.write(bytes(1 << 16))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                return


def test_the_disk_is_full(own: Kernel, home: Path) -> None:
    data = home / "data"
    data.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m,mode=0700", "tmpfs", str(data)],
        capture_output=True,
        text=True,
    )
    if mounted.returncode != 0:
        pytest.skip(f"no file system of a few megabytes can be mounted here: {mounted.stderr.strip()}")
    try:
        own.run(
            "%load_ext argon\n%argon init full\nimport argon\ndb = argon.db()\ndb.c.insert_one({'_id': 0})"
        )
        ballast = data / "ballast"
        fill(ballast)
        refused = own.run(
            "from pymongo.errors import PyMongoError\n"
            "n = 0\n"
            "for size in (100_000, 1_000, 1):\n"
            "    try:\n"
            "        while n < 50_000:\n"
            "            db.c.insert_one({'_id': n + 1, 'text': 'x' * size})\n"
            "            n += 1\n"
            "    except PyMongoError as error:\n"
            "        print(str(error).split(',')[0])"
        )
        assert (
            refused.text.splitlines()
            == ["DISK_FULL: The disk is full: the write was not made. Free some space and try again."] * 3
        )
        verbs = "for n_ in range(1_000):\n    get_ipython().run_line_magic('argon', f'branch create exp{n_}')"
        assert refusal(own, verbs) == [
            "ArgonError: The disk is full: the write was not made. Free some space and try again.",
            "Next:  free some space, then run the cell again: nothing was lost",
            "Code:  DISK_FULL",
        ]
        # Reads go on, and writes do when there is room.
        assert own.run("db.c.find_one({'_id': n})['_id'] == n").text == "True"
        ballast.unlink()
        assert own.run("db.c.count_documents({}) == n + 1").text == "True"
        assert own.run("%argon branch create there-is-room").json("branch")["name"] == "there-is-room"
    finally:
        own.stop()
        kill_bridge_of(home)
        while bridge_pids(home):
            time.sleep(0.05)
        subprocess.run(["umount", "-l", str(data)], check=True)


def test_history_is_gone(kernel: Kernel) -> None:
    for n in range(5):
        kernel.run(f"db.birds.update_one({{'_id': 'A001'}}, {{'$set': {{'n': {n}}}}})")
    kernel.run("%argon gc --keep-lsns 1 --apply")
    first, *rest = refusal(kernel, "%argon checkout main@42")
    assert first.startswith("ArgonError: ")
    assert "42" in first
    assert rest[-3:] == ["Next:  %argon log", "       %argon pins", "Code:  HISTORY_GONE"]
    lines = refusal(kernel, "%%argon at main@42\nlen(list(db.birds.find()))")
    assert lines[-1] == "Code:  HISTORY_GONE"


def test_the_head_has_moved(kernel: Kernel) -> None:
    kernel.run("%argon branch create clean --switch")
    kernel.run("db.birds.delete_one({'_id': 'A001'})")
    kernel.run("plan = %argon merge clean --into main --preview")
    kernel.run("argon.db('main').birds.insert_one({'_id': 'new'})")
    first, *rest = refusal(kernel, "%argon merge apply {plan.id}")
    assert "main" in first
    assert rest == [
        "Next:  %argon merge SRC --preview   (makes a new plan)",
        "Code:  PLAN_STALE",
    ]
    assert kernel.run("%argon merge clean --into main").json("applied")["state"] == "applied"
