"""A real bridge for the tests, in directories of their own."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from argon.client import Client, Project
from argon.launch import BridgeProcess, Places, places
from argon.launch.script import find_script
from argon.rpc import Link, LocalAddress
from pymongo import MongoClient
from pymongo.database import Database

Document = dict[str, Any]

ROOT = Path(__file__).resolve().parents[3]


def pytest_configure(config: pytest.Config) -> None:
    # Tests must not meet the sessions, sockets or data of whoever runs them.
    for name in (
        "ARGON_DATA",
        "ARGON_SESSION",
        "ARGON_SUPERVISOR",
        "JPY_SESSION_NAME",
        "MLFLOW_TRACKING_URI",
    ):
        os.environ.pop(name, None)
    find_script()


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A short directory (sockets have long names) that holds data and sockets of one test."""
    with _home() as directory:
        monkeypatch.setenv("ARGON_DATA", str(directory / "data"))
        monkeypatch.setenv("ARGON_RUNTIME_DIR", str(directory / "run"))
        yield directory


class _home:
    def __enter__(self) -> Path:
        self.directory = Path(tempfile.mkdtemp(prefix="argon-test-"))
        return self.directory

    def __exit__(self, *_: object) -> None:
        kill_bridge_of(self.directory)
        shutil.rmtree(self.directory, ignore_errors=True)


@pytest.fixture(scope="session")
def shared_places() -> Iterator[Places]:
    """One bridge for all tests that do not hurt it."""
    with _home() as directory:
        before = os.environ.get("ARGON_RUNTIME_DIR")
        os.environ["ARGON_RUNTIME_DIR"] = str(directory / "run")
        here = places(directory / "data")
        if before is None:
            del os.environ["ARGON_RUNTIME_DIR"]
        else:
            os.environ["ARGON_RUNTIME_DIR"] = before
        process = BridgeProcess(here, owned=True)
        process.start()
        yield here
        process.stop()


@pytest.fixture
def here(shared_places: Places, monkeypatch: pytest.MonkeyPatch) -> Places:
    """The places of the shared bridge, in the environment too."""
    monkeypatch.setenv("ARGON_DATA", str(shared_places.data))
    monkeypatch.setenv("ARGON_RUNTIME_DIR", str(shared_places.runtime.parent))
    return shared_places


@pytest.fixture
def client(here: Places) -> Iterator[Client]:
    """A client of the shared bridge."""
    with Client(data=here.data) as made:
        yield made


@pytest.fixture
def project(client: Client) -> Project:
    """A project of its own on the shared bridge."""
    return client.projects.create(f"p{uuid.uuid4().hex[:10]}")


@pytest.fixture
def mongo(here: Places) -> Iterator[MongoClient[Document]]:
    """pymongo on the shared bridge."""
    with MongoClient[Document](
        here.wire_uri, directConnection=True, serverSelectionTimeoutMS=10_000
    ) as connected:
        yield connected


@pytest.fixture
def db(mongo: MongoClient[Document]) -> Iterator[Database[Document]]:
    """A database of its own, dropped at the end."""
    name = f"w{uuid.uuid4().hex[:10]}"
    yield mongo[name]
    mongo.drop_database(name)


def local_link(here: Places) -> Link:
    return Link(LocalAddress(here))


def bridge_pids(directory: Path) -> list[int]:
    """Processes that serve a data directory below this one."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"serve" in words and any(word.startswith(os.fsencode(directory)) for word in words):
                found.append(int(entry.name))
    return found


def kill_bridge_of(directory: Path) -> None:
    for pid in bridge_pids(directory):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def wait_until(condition: object, seconds: float = 10.0, what: str = "the condition") -> None:
    """Waits for a condition that comes true by itself."""
    until = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < until, f"{what} did not come true within {seconds} s"
        time.sleep(0.02)
