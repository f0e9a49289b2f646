"""Fixtures: a kernel with Argon loaded, and a project with forty birds."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from argon.launch import Places
from kernels import Kernel

BIRDS = """
db = argon.db()
db.birds.insert_many([
    {"_id": f"{letter}{n:03}", "kind": kind, "mass": str(3000 + n), "bill": {"mm": 30.0 + n}}
    for letter, kind in (("A", "adelie"), ("G", "gentoo")) for n in range(1, 21)
])
len(list(db.birds.find()))
"""


@pytest.fixture(scope="module")
def running(shared_places: Places, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    kernel = Kernel(
        tmp_path_factory.mktemp("notebooks"),
        ARGON_DATA=str(shared_places.data),
        ARGON_RUNTIME_DIR=str(shared_places.runtime.parent),
        JPY_SESSION_NAME="birds.ipynb",
    )
    kernel.run("%load_ext argon\nimport argon")
    yield kernel
    kernel.stop()


@pytest.fixture
def kernel(running: Kernel) -> Kernel:
    """The kernel in a project of its own with forty birds on main."""
    running.run(f"%argon init birds-{uuid.uuid4().hex[:8]}")
    assert running.run(BIRDS).text == "40"
    return running


def project_of(kernel: Kernel) -> str:
    name: str = kernel.run("%argon").json("place")["project"]
    return name
