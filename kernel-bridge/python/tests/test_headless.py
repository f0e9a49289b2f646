"""Notebooks without a display."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT, bridge_pids, wait_until
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook


def notebook(directory: Path, *sources: str) -> Path:
    path = directory / "a.ipynb"
    cells = [new_markdown_cell("# A heading"), *(new_code_cell(source) for source in sources)]
    nbformat.write(new_notebook(cells=cells), path)
    return path


def start(path: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "argon.headless", str(path), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "IPYTHONDIR": str(path.parent / "ipython")},
    )


def run(path: Path, *arguments: str, timeout: float = 120) -> tuple[int, str]:
    process = start(path, *arguments)
    output, _ = process.communicate(timeout=timeout)
    return process.returncode, output


def kernels_of(directory: Path) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if (
                    b"ipykernel" in (entry / "cmdline").read_bytes()
                    and (entry / "cwd").readlink() == directory
                ):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def test_one_line_a_cell_with_what_it_showed(home: Path) -> None:
    path = notebook(
        home, "%load_ext argon", "%argon init p", "# a comment\nprint('one')\nprint('two')", "", "6 * 7"
    )
    code, output = run(path)
    assert code == 0, output
    lines = output.splitlines()
    assert lines[1] == "A heading"
    assert re.fullmatch(r" +\[2\] %argon init p +Created p/main@0 writable +\d+\.\d\d s", lines[3])
    assert re.fullmatch(r" +\[3\] print\('one'\) +two +\d+\.\d\d s", lines[4])
    assert re.fullmatch(r" +\[4\] 6 \* 7 +42 +\d+\.\d\d s", lines[5])
    assert re.fullmatch(r"a\.ipynb: 4 cells, every step held, \d+\.\d s", lines[6])
    assert bridge_pids(home) == []
    assert kernels_of(home) == []


def test_a_cell_that_fails_ends_the_run_and_says_why(home: Path) -> None:
    code, output = run(notebook(home, "%load_ext argon", "assert 1 == 2, 'one is not two'", "print('never')"))
    assert code == 1
    assert "FAILED" in output
    assert "one is not two" in output
    assert "never" not in output.split("FAILED")[1].replace("print('never')", "")
    assert bridge_pids(home) == []
    assert kernels_of(home) == []


def test_a_verb_that_is_refused_ends_the_run(home: Path) -> None:
    code, output = run(notebook(home, "%load_ext argon\n%argon checkout nowhere"))
    assert code == 1
    assert "Code:  NO_PROJECT" in output


def test_a_dead_kernel_ends_the_run(home: Path) -> None:
    code, output = run(notebook(home, "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "1"))
    assert code == 1
    assert "FAILED" in output


def test_a_kernel_that_does_not_start_is_said_plainly(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = home / "jupyter" / "kernels" / "python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(
        json.dumps({"argv": [sys.executable, "-c", "pass"], "display_name": "none", "language": "python"}),
        "utf-8",
    )
    monkeypatch.setenv("JUPYTER_PATH", str(home / "jupyter"))
    code, output = run(notebook(home, "1"))
    assert code == 1
    assert "the Python kernel did not start" in output
    assert "Traceback" not in output
    assert bridge_pids(home) == []


CUT_OFF = ["unshare", "-rn"]


@pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.run([*CUT_OFF, "true"], capture_output=True).returncode != 0,
    reason="a network without loopback cannot be made here",
)
def test_without_loopback_one_is_told_so_at_once(home: Path) -> None:
    began = time.monotonic()
    done = subprocess.run(
        [*CUT_OFF, sys.executable, "-m", "argon.headless", str(notebook(home, "1"))],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "this machine's own network (127.0.0.1) does not answer" in done.stderr
    assert "Traceback" not in done.stderr
    assert time.monotonic() - began < 20
    assert bridge_pids(home) == []


def test_no_notebook_no_traceback(home: Path) -> None:
    code, output = run(home / "nothing.ipynb")
    assert code == 1
    assert "there is no notebook" in output
    assert "Traceback" not in output
    (home / "story.ipynb").write_text("# Not a notebook\n", "utf-8")
    code, output = run(home / "story.ipynb")
    assert code == 1
    assert "story.ipynb is not a notebook" in output
    assert "Traceback" not in output


def test_told_to_end_it_leaves_nothing(home: Path) -> None:
    process = start(notebook(home, "%load_ext argon\nimport time", "time.sleep(600)"))
    assert process.stdout is not None
    while "%load_ext" not in process.stdout.readline():
        continue
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) != 0
    process.stdout.close()
    wait_until(lambda: not bridge_pids(home) and not kernels_of(home), what="the end of all")


def test_a_bridge_that_runs_already_is_used_and_left_alone(home: Path) -> None:
    from argon.launch import BridgeProcess, places

    mine = BridgeProcess(places(), owned=True)
    mine.start()
    code, output = run(notebook(home, "%load_ext argon\n%argon init p"))
    assert code == 0, output
    assert bridge_pids(home) == [mine.pid]
    mine.stop()


@pytest.mark.timeout(1200)
def test_the_quickstart_holds_twice(home: Path) -> None:
    """Run All, and Run All again on what the first left behind."""
    path = home / "quickstart.ipynb"
    path.write_text((ROOT / "binder" / "quickstart.ipynb").read_text("utf-8"), "utf-8")
    for _ in range(2):
        code, output = run(path, timeout=580)
        assert code == 0, output
        assert "every step held" in output
    assert bridge_pids(home) == []


def test_notebooks_are_kept_clean() -> None:
    """No outputs, no counts, and only what a notebook needs: a run leaves no trace in the repository."""
    for path in sorted((ROOT / "binder").glob("*.ipynb")):
        book = nbformat.read(path, as_version=4)
        nbformat.validate(book)
        for cell in book.cells:
            assert not cell.get("outputs")
            assert cell.get("execution_count") is None
            assert cell.metadata == {}
