"""Starting the bridge: once, for whoever comes, and gone when nobody is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from argon.client import Client
from argon.errors import ArgonError
from argon.launch import BridgeProcess, ensure_bridge, places
from argon.launch.ensure import listens
from conftest import bridge_pids, kill_bridge_of, wait_until


def test_the_first_who_needs_it_starts_it_and_the_next_finds_it(home: Path) -> None:
    here = places()
    ensure_bridge(here)
    (pid,) = bridge_pids(home)
    ensure_bridge(here)
    assert bridge_pids(home) == [pid]
    assert here.facts() is not None
    assert here.facts()["pid"] == pid  # type: ignore[index]
    assert here.rpc.stat().st_mode & 0o777 == 0o600


def test_many_at_once_start_one(home: Path) -> None:
    code = "from argon.launch import ensure_bridge, places; ensure_bridge(places())"
    crowd = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(6)]
    assert [one.wait(60) for one in crowd] == [0] * 6
    assert len(bridge_pids(home)) == 1


def test_a_bridge_of_ours_ends_with_us_even_when_we_are_killed(home: Path) -> None:
    code = (
        "import time; from argon.launch import BridgeProcess, places\n"
        "BridgeProcess(places(), owned=True).start(); print('ready', flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"ready\n"
    assert len(bridge_pids(home)) == 1
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_until(lambda: not bridge_pids(home), what="the end of the orphan")


def test_stop_ends_the_process_and_removes_the_sockets(home: Path) -> None:
    process = BridgeProcess(places(), owned=True)
    process.start()
    process.stop()
    assert not bridge_pids(home)
    assert not listens(places().rpc)
    assert process.exit_code() == 0


def test_a_directory_in_use_from_elsewhere_is_refused_in_words(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_bridge(places())
    (pid,) = bridge_pids(home)
    monkeypatch.setenv("ARGON_RUNTIME_DIR", str(home / "run2"))
    with pytest.raises(ArgonError) as caught:
        ensure_bridge(places(), seconds=3)
    assert caught.value.code == "DIRECTORY_LOCKED"
    assert str(home / "data") in caught.value.message
    assert caught.value.next
    assert bridge_pids(home) == [pid]


def test_a_program_that_fails_says_why(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = home / "main.js"
    broken.write_text("console.error('the moon is in the wrong place'); process.exit(7)")
    monkeypatch.setenv("ARGON_BRIDGE", str(broken))
    with pytest.raises(ArgonError, match="code 7 while it started: the moon is in the wrong place") as caught:
        ensure_bridge(places())
    assert caught.value.code == "BRIDGE_START_FAILED"
    assert "moon" in caught.value.data["log"]


def test_it_comes_back_after_kill_9_with_all_that_was_acknowledged(home: Path) -> None:
    with Client() as client:
        project = client.projects.create("birds")
        client["birds"].nests.insert_many([{"_id": n} for n in range(100)])
        head = project.branch("main").head
        for _ in range(3):
            kill_bridge_of(home)
            assert project.branch("main").head == head
            assert client["birds"].nests.count_documents({}) == 100
        assert len(bridge_pids(home)) == 1


def test_a_bridge_that_hangs_is_ended_with_force(home: Path) -> None:
    process = BridgeProcess(places(), owned=True)
    process.start()
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)
    begin = time.monotonic()
    process.stop()
    assert not bridge_pids(home)
    assert time.monotonic() - begin < 15
