"""The server extension in a real Jupyter server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from argon.client import Client
from argon.errors import ArgonError
from conftest import ROOT, bridge_pids, kill_bridge_of, wait_until
from jupyter_client.blocking.client import BlockingKernelClient
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

TOKEN = "secret-of-the-test"


class Server:
    """A `jupyter server` with the extension enabled."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        (home / "notebooks").mkdir(exist_ok=True)
        command = [
            sys.executable,
            "-m",
            "jupyter",
            "server",
            "--no-browser",
            "--allow-root",
            "--ip=127.0.0.1",
        ]
        command += [
            "--port=0",
            f"--IdentityProvider.token={TOKEN}",
            f"--ServerApp.root_dir={home / 'notebooks'}",
        ]
        self.environment = {
            **os.environ,
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
            "JUPYTER_DATA_DIR": str(home / "jupyter"),
            **environment,
        }
        self.process = subprocess.Popen(
            command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=home
        )
        wait_until(self._listens, 40, "the server")

    def _listens(self) -> bool:
        assert self.process.poll() is None, self.process.stdout and self.process.stdout.read().decode()
        for path in (self.home / "runtime").glob("jpserver-*.json"):
            try:
                self.port = json.loads(path.read_text("utf-8"))["port"]
                return self.request("api/status")[0] == 200
            except (OSError, ValueError):
                continue
        return False

    def request(
        self, path: str, body: Any = None, *, token: str | None = TOKEN, **headers: str
    ) -> tuple[int, Any]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/{path}")
        if body is not None:
            request.data = json.dumps(body).encode()
        if token:
            request.add_header("Authorization", f"token {token}")
        for name, value in headers.items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=40) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, None

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/argon/rpc"

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(30)
        if self.process.stdout is not None:
            self.process.stdout.close()


@pytest.fixture
def server(home: Path) -> Iterator[Server]:
    made = Server(home)
    yield made
    made.stop(signal.SIGKILL)


def upgrade(server: Server, **headers: str) -> int:
    """The status a WebSocket is refused with, or 101."""
    try:
        with connect(server.url, additional_headers=headers, open_timeout=20):
            return 101
    except InvalidStatus as error:
        return error.response.status_code


def test_the_bridge_starts_on_first_need_serves_and_ends_with_the_server(server: Server, home: Path) -> None:
    assert server.request("argon/bridge")[1]["state"] == "stopped"
    assert bridge_pids(home) == []
    with Client(server.url, token=TOKEN) as client:
        client.projects.create("birds")
        assert [project["name"] for project in client.projects.list()] == ["birds"]
        report = server.request("argon/bridge")[1]
        assert report["state"] == "running"
        assert [report["pid"]] == bridge_pids(home)
        assert any("the bridge is ready" in line for line in report["log"])
    server.stop()
    assert bridge_pids(home) == []
    assert not list(home.glob("run/*/*.sock"))


def test_a_killed_server_leaves_no_orphan(server: Server, home: Path) -> None:
    assert server.request("argon/bridge", {"action": "start"})[1]["state"] == "running"
    server.stop(signal.SIGKILL)
    wait_until(lambda: not bridge_pids(home), what="the end of the orphan")


def test_strangers_are_refused_before_anything_starts(server: Server, home: Path) -> None:
    good = {"Authorization": f"token {TOKEN}"}
    assert server.request("argon/bridge", token=None)[0] == 403
    assert server.request("argon/bridge", {"action": "start"}, token=None)[0] == 403
    assert upgrade(server) == 403
    assert upgrade(server, Authorization="token wrong") == 403
    assert upgrade(server, **good, Origin="https://evil.example") == 403
    assert server.request("argon/bridge", Host="evil.example")[0] == 403
    assert bridge_pids(home) == []
    assert upgrade(server, **good) == 101
    assert upgrade(server, **good, Origin=f"http://127.0.0.1:{server.port}") == 101


def test_a_wrong_action_is_refused(server: Server) -> None:
    assert server.request("argon/bridge", {"action": "explode"})[0] == 400
    assert server.request("argon/bridge", [1])[0] == 400


def test_the_bridge_comes_back_after_kill_9_and_can_be_restarted(server: Server, home: Path) -> None:
    with Client(server.url, token=TOKEN) as client:
        client.projects.create("birds")
        (first,) = bridge_pids(home)
        kill_bridge_of(home)
        # Nobody asks: the supervisor sees it.
        wait_until(lambda: bridge_pids(home) not in ([], [first]), 20, "the next bridge")
        assert [project["name"] for project in client.projects.list()] == ["birds"]
        (second,) = bridge_pids(home)
        report = server.request("argon/bridge", {"action": "restart"})[1]
        assert report["state"] == "running"
        assert bridge_pids(home) == [report["pid"]]
        assert report["pid"] != second
        assert [project["name"] for project in client.projects.list()] == ["birds"]


def test_events_and_large_messages_pass_the_relay(server: Server, home: Path) -> None:
    with Client(server.url, token=TOKEN) as page, Client() as kernel:
        project = page.projects.create("birds")
        with page.events("birds") as events:
            kernel["birds"].nests.insert_many([{"_id": n, "text": "x" * 5000} for n in range(400)])
            event = events.next(5)
            assert event is not None
            assert event["type"] == "commit"
        changes = list(project.changes(project.branch("main").timeline, 1, 401))
        assert len([change for change in changes if change["collection"] == "nests"]) == 400


def test_a_missing_node_is_told_to_the_page(home: Path) -> None:
    server = Server(home, ARGON_NODE="/nowhere/node")
    try:
        report = server.request("argon/bridge", {"action": "start"})[1]
        assert report["state"] == "missing"
        assert report["code"] == "BRIDGE_NODE_MISSING"
        assert "/nowhere/node" in report["message"]
        assert upgrade(server, Authorization=f"token {TOKEN}") == 503
        with pytest.raises(ArgonError):
            Client(server.url, token=TOKEN).link.call("status", wait=0.3)
    finally:
        server.stop()


def test_a_kernel_of_the_server_uses_its_bridge(server: Server, home: Path) -> None:
    """The kernel is the first who needs it; the server starts it, owns it, and knows the notebook."""
    session = {"path": "deep/a.ipynb", "name": "a.ipynb", "type": "notebook", "kernel": {"name": "python3"}}
    (home / "notebooks" / "deep").mkdir()
    (home / "notebooks" / "deep" / "a.ipynb").write_text("{}")
    status, made = server.request("api/sessions", session)
    assert status == 201
    kernel_id = made["kernel"]["id"]
    kernel = BlockingKernelClient(connection_file=str(home / "runtime" / f"kernel-{kernel_id}.json"))
    kernel.load_connection_file()
    kernel.start_channels(hb=False)
    kernel.wait_for_ready(timeout=40)
    reply = kernel.execute_interactive("%load_ext argon\n%argon init birds", timeout=40)
    assert reply["content"]["status"] == "ok"
    report = server.request("argon/bridge")[1]
    assert [report["pid"]] == bridge_pids(home)
    with Client() as client:
        (session_now,) = client.call("session.list")
    assert session_now["kernel"] == kernel_id
    assert session_now["notebook"] == "deep/a.ipynb"
    kernel.stop_channels()
    begin = time.monotonic()
    server.stop()
    assert bridge_pids(home) == []
    assert time.monotonic() - begin < 20


def test_every_handler_authenticates() -> None:
    """As JupyterLab's own check does: a handler is guarded by `web.authenticated` or by its own check."""
    source = (ROOT / "kernel-bridge/python/argon/jupyter").glob("*.py")
    text = "\n".join(path.read_text("utf-8") for path in source)
    handlers = text.count("(APIHandler)") + text.count("JupyterHandler)")
    assert handlers == 2
    assert text.count("await authorize(self, ") == 3
