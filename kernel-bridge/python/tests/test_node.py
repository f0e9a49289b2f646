"""Finding Node.js and the program."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from argon.errors import ArgonError
from argon.launch import node, script


def fake_node(directory: Path, version: str) -> Path:
    directory.mkdir(exist_ok=True)
    path = directory / "node"
    path.write_text(f"#!/bin/sh\necho {version}\n")
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARGON_NODE", raising=False)
    monkeypatch.setattr(node.importlib.util, "find_spec", lambda name: None)


def test_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mine = fake_node(tmp_path / "mine", "v22.1.0")
    fake_node(tmp_path / "path", "v20.15.0")
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:{os.environ['PATH']}")
    assert node.find_node() == str(tmp_path / "path" / "node")
    monkeypatch.setenv("ARGON_NODE", str(mine))
    assert node.find_node() == str(mine)


def test_an_old_one_on_the_path_is_passed_over_for_a_newer_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake_node(tmp_path / "old", "v12.22.0")
    newer = fake_node(tmp_path / "new", "v24.0.0").rename(tmp_path / "new" / "nodejs")
    monkeypatch.setenv("PATH", f"{tmp_path / 'old'}:{tmp_path / 'new'}")
    assert node.find_node() == str(newer)


def test_none_at_all_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ArgonError) as caught:
        node.find_node()
    assert caught.value.code == "BRIDGE_NODE_MISSING"
    assert "jupyterlab-argon[node]" in caught.value.next[0]


def test_an_old_one_is_named_with_its_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = fake_node(tmp_path / "old", "v18.19.1")
    monkeypatch.setenv("PATH", str(tmp_path / "old"))
    with pytest.raises(ArgonError, match=r"18\.19\.1") as caught:
        node.find_node()
    assert caught.value.code == "BRIDGE_NODE_OLD"
    monkeypatch.setenv("ARGON_NODE", str(old))
    with pytest.raises(ArgonError, match=r"18\.19\.1"):
        node.find_node()


def test_a_wrong_ARGON_NODE_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARGON_NODE", "/nowhere/node")
    with pytest.raises(ArgonError, match="ARGON_NODE is /nowhere/node"):
        node.find_node()


def test_the_program_is_the_one_the_environment_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    main = tmp_path / "main.js"
    monkeypatch.setenv("ARGON_BRIDGE", str(main))
    with pytest.raises(ArgonError) as caught:
        script.find_script()
    assert caught.value.code == "BRIDGE_NOT_BUILT"
    main.write_text("")
    assert script.find_script() == main


def test_what_was_built_last_in_a_checkout_is_meant(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "kernel-bridge/python/argon"
    packaged = package / "bridge/main.js"
    built = tmp_path / "kernel-bridge/dist/main.js"
    monkeypatch.setattr(script, "PACKAGE", package)
    monkeypatch.delenv("ARGON_BRIDGE", raising=False)
    with pytest.raises(ArgonError, match="not built"):
        script.find_script()
    for path in (packaged, built, tmp_path / "kernel-bridge/bin/argon.js"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    os.utime(packaged, (1, 1))
    assert script.find_script() == built
    os.utime(built, (0, 0))
    assert script.find_script() == packaged
