"""The link heals itself, and never does a thing twice."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from argon.client import Client
from argon.errors import ArgonError
from argon.launch import places
from argon.rpc import Link, LocalAddress
from argon.session.identity import Identity
from argon.session.session import Session
from conftest import bridge_pids, kill_bridge_of, wait_until
from websockets.sync.server import ServerConnection, unix_serve

Answer = Callable[[str, dict[str, Any]], Any]


class Drop(Exception):
    """The server goes away in the middle of this request."""


@contextlib.contextmanager
def fake_bridge(path: Path, answer: Answer) -> Iterator[list[str]]:
    """A server that answers as it is told, and writes down what it was asked."""
    asked: list[str] = []

    def serve(connection: ServerConnection) -> None:
        for text in connection:
            message = json.loads(text)
            asked.append(message["method"])
            if message["method"] == "hello":
                result: Any = {"server": {"version": "0", "protocol": 1}, "wire": "", "readOnly": False}
            else:
                try:
                    result = answer(message["method"], message["params"])
                except Drop:
                    connection.socket.close()
                    return
                except ArgonError as error:
                    wire = {
                        "code": -32000,
                        "message": error.message,
                        "data": {"code": error.code, "data": error.data},
                    }
                    connection.send(json.dumps({"jsonrpc": "2.0", "id": message["id"], "error": wire}))
                    continue
            connection.send(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}))

    path.unlink(missing_ok=True)
    with unix_serve(serve, str(path)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield asked
        finally:
            server.shutdown()


class Still(LocalAddress):
    """Never starts a bridge."""

    def ensure(self, seconds: float, *, asked: bool = True) -> None:
        return


@pytest.fixture
def link(home: Path) -> Iterator[Link]:
    made = Link(Still(places()))
    yield made
    made.close()


def test_an_error_keeps_its_code_message_and_data(link: Link) -> None:
    def answer(method: str, params: dict[str, Any]) -> Any:
        raise ArgonError("BRANCH_NOT_FOUND", "no such branch", data={"nearest": "main"})

    with fake_bridge(places().rpc, answer), pytest.raises(ArgonError) as caught:
        link.call("branch.get", {})
    assert (caught.value.code, caught.value.message) == ("BRANCH_NOT_FOUND", "no such branch")
    assert caught.value.data == {"nearest": "main"}


def test_reading_is_asked_again_when_the_reply_was_lost(link: Link) -> None:
    lost = iter([True, True, False])

    def answer(method: str, params: dict[str, Any]) -> Any:
        if next(lost):
            raise Drop
        return []

    with fake_bridge(places().rpc, answer) as asked:
        assert link.call("project.list") == []
    assert asked == ["hello", "project.list"] * 3


def test_what_cannot_be_asked_twice_is_not(link: Link) -> None:
    def answer(method: str, params: dict[str, Any]) -> Any:
        raise Drop

    with fake_bridge(places().rpc, answer) as asked, pytest.raises(ArgonError) as caught:
        link.call("restore.apply", {"project": "p", "branch": "b", "to": "b@1"})
    assert caught.value.code == "OUTCOME_UNKNOWN"
    assert "restore.apply" in caught.value.message
    assert asked.count("restore.apply") == 1


def test_a_plan_that_was_applied_when_the_reply_was_lost_is_a_success(link: Link) -> None:
    applied: list[bool] = []

    def answer(method: str, params: dict[str, Any]) -> Any:
        if method == "plan.get":
            return {"id": params["id"], "state": "applied"}
        if applied:
            raise ArgonError("PLAN_APPLIED", "applied already")
        applied.append(True)
        raise Drop

    with fake_bridge(places().rpc, answer):
        assert link.call("plan.apply", {"project": "p", "id": "p-1"}) == {"id": "p-1", "state": "applied"}


def test_a_plan_that_somebody_else_applied_is_still_refused(link: Link) -> None:
    def answer(method: str, params: dict[str, Any]) -> Any:
        raise ArgonError("PLAN_APPLIED", "applied already")

    with fake_bridge(places().rpc, answer), pytest.raises(ArgonError, match="applied already"):
        link.call("plan.apply", {"project": "p", "id": "p-1"})


@pytest.mark.parametrize(
    ("created", "ok"), [("2999-01-01T00:00:00.000Z", True), ("2001-01-01T00:00:00.000Z", False)]
)
def test_a_branch_is_ours_only_when_it_was_made_since_we_asked(link: Link, created: str, ok: bool) -> None:
    lost: list[bool] = []

    def answer(method: str, params: dict[str, Any]) -> Any:
        if method == "branch.get":
            return {"name": params["name"], "createdAt": created}
        if not lost:
            lost.append(True)
            raise Drop
        raise ArgonError("BRANCH_EXISTS", "exists")

    with fake_bridge(places().rpc, answer):
        if ok:
            assert link.call("branch.create", {"project": "p", "name": "b"})["name"] == "b"
        else:
            with pytest.raises(ArgonError, match="exists"):
                link.call("branch.create", {"project": "p", "name": "b"})


def test_no_bridge_in_time_says_what_to_do(link: Link) -> None:
    begin = time.monotonic()
    with pytest.raises(ArgonError) as caught:
        link.call("project.list", wait=0.4)
    assert caught.value.code == "BRIDGE_UNAVAILABLE"
    assert str(places().data) in caught.value.message
    assert caught.value.next
    assert time.monotonic() - begin < 2


def test_a_deadline_is_kept_though_the_bridge_is_silent(link: Link) -> None:
    def answer(method: str, params: dict[str, Any]) -> Any:
        time.sleep(3)

    with fake_bridge(places().rpc, answer):
        link.hello  # noqa: B018
        begin = time.monotonic()
        with pytest.raises(ArgonError, match=r"did not answer session\.get within 0\.2"):
            link.call("session.get", {"id": "s"}, deadline=0.2)
        assert time.monotonic() - begin < 1


def test_an_interrupt_stops_the_waiting_and_the_link_goes_on(link: Link) -> None:
    slow = threading.Event()

    def answer(method: str, params: dict[str, Any]) -> Any:
        if method == "diff":
            slow.wait(5)
        return method

    with fake_bridge(places().rpc, answer):
        link.hello  # noqa: B018
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        begin = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            link.call("diff")
        assert time.monotonic() - begin < 1
        slow.set()
        assert link.call("status") == "status"


def test_a_session_comes_back_by_itself_after_kill_9(home: Path) -> None:
    link = Link(LocalAddress(places()), "kernel")
    session = Session(link, Identity("kernel-1", "kernel", "ada", "k1", "a.ipynb"))
    session.open()
    session.client.projects.create("birds")
    session.checkout("main", project="birds")
    session.begin_cell("cell-7", 7, "hash")
    (old,) = bridge_pids(home)
    kill_bridge_of(home)
    # Nobody asks for anything: the link is made again because a session is open.
    wait_until(lambda: bridge_pids(home) not in ([], [old]) and link.connected, what="the new connection")
    info = session.info()
    assert (info["id"], info["project"], info["ref"], info["cell"]) == ("kernel-1", "birds", "main", "cell-7")
    assert (info["actor"], info["notebook"], info["connected"]) == ("ada", "a.ipynb", True)
    session.mongo["birds"].nests.insert_one({"_id": 1})
    activity = session.end_cell()
    assert activity is not None
    assert [(write["collection"], write["inserts"]) for write in activity["writes"]] == [("nests", 1)]
    session.close()
    link.close()


def test_a_plain_script_leaves_nothing_running(home: Path) -> None:
    """The bridge it started has nobody left, and ends; here after a second instead of thirty."""
    import subprocess
    import sys

    code = (
        "import argon.launch.process as p; p.IDLE_EXIT_SECONDS = 1\n"
        "import argon; client = argon.Client(); client.projects.create('p'); print(client.hello()['pid'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 0
    assert done.stderr == ""
    wait_until(lambda: not bridge_pids(home), 10, "the end of the idle bridge")


def test_a_fork_makes_a_connection_of_its_own(client: Client) -> None:
    assert client.projects.list() is not None
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(write, b"ok" if client.projects.list() is not None else b"no")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 2) == b"ok"
    assert client.projects.list() is not None


def test_events_come_as_they_happen_and_go_on_after_a_restart(home: Path) -> None:
    with Client() as client:
        client.projects.create("birds")
        with client.events("birds") as events:
            client.project("birds").branches.create("one")
            event = events.next(5)
            assert event is not None
            assert event["type"] == "branch"
            (old,) = bridge_pids(home)
            kill_bridge_of(home)
            wait_until(
                lambda: events._link.connected and events._link.hello["pid"] != old,
                what="the new subscription",
            )
            client.project("birds").branches.create("two")
            event = events.next(5)
            assert event is not None
            assert (event["type"], event.get("branch")) == ("branch", "two")
        assert events.next(1) is None
