"""Where data and sockets are; both sides must come to the same place."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from argon.errors import ArgonError
from argon.launch import places
from argon.launch.places import data_directory, runtime_base


def test_the_directory_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ARGON_DATA", "/d")
    assert data_directory() == Path("/d")
    monkeypatch.delenv("ARGON_DATA")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert data_directory() == tmp_path / ".argon"


def test_sockets_follow_the_environment(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("ARGON_RUNTIME_DIR", "/r")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home))
    assert runtime_base() == Path("/r")
    monkeypatch.delenv("ARGON_RUNTIME_DIR")
    assert runtime_base() == home / "argon"
    # Of somebody else, or of nobody.
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "gone"))
    monkeypatch.setenv("TMPDIR", "/t/")
    assert runtime_base() == Path(f"/t/argon-{os.getuid()}")
    # Too long for a socket.
    monkeypatch.setenv("TMPDIR", "/" + "t" * 80)
    assert runtime_base() == Path(f"/tmp/argon-{os.getuid()}")
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.delenv("TMPDIR")
    monkeypatch.delenv("TMP", raising=False)
    monkeypatch.delenv("TEMP", raising=False)
    assert runtime_base() == Path(f"/tmp/argon-{os.getuid()}")


def test_a_link_to_the_data_is_the_same_place(home: Path) -> None:
    real = places(home / "data")
    (home / "link").symlink_to(home / "data")
    assert places(home / "link") == real
    name = hashlib.sha256(str((home / "data").resolve()).encode()).hexdigest()[:12]
    assert real.runtime == home / "run" / name
    assert real.data.stat().st_mode & 0o777 == 0o700
    assert real.runtime.stat().st_mode & 0o777 == 0o700


def test_a_directory_others_can_write_to_is_refused(home: Path) -> None:
    (home / "run").mkdir()
    (home / "run").chmod(0o777)
    with pytest.raises(ArgonError, match="cannot hold Argon's sockets") as caught:
        places(home / "data")
    assert caught.value.code == "BRIDGE_DIRECTORY"


def test_a_link_in_place_of_the_directory_is_refused(home: Path) -> None:
    here = places(home / "data")
    here.runtime.rmdir()
    (home / "elsewhere").mkdir()
    here.runtime.symlink_to(home / "elsewhere")
    with pytest.raises(ArgonError):
        places(home / "data")


def test_a_directory_that_cannot_be_made_is_named(home: Path) -> None:
    (home / "file").write_text("")
    with pytest.raises(ArgonError) as caught:
        places(home / "file" / "data")
    assert caught.value.code == "BRIDGE_DIRECTORY"
    assert str(home / "file") in caught.value.message
