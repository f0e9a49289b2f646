"""`python -m argon.headless NOTEBOOK` runs a notebook unchanged, in a real kernel against a real bridge.

It prints one line for each cell with what it showed and the time, and ends with 0 only when every cell held.
Neither a bridge nor a kernel of its own stays behind.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .errors import ArgonError, printable
from .launch import BridgeProcess, places
from .launch.ensure import listens
from .session.identity import NOTEBOOK_ROOT_VARIABLE

CELL_SECONDS_MAX = 600
LOOPBACK_SECONDS_MAX = 5
SOURCE_WIDTH = 38
SHOWN_WIDTH = 72

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a notebook; returns the exit code."""
    parser = argparse.ArgumentParser("python -m argon.headless", description=__doc__)
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--data", metavar="DIR", help="data directory; default: $ARGON_DATA, else ~/.argon")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write the notebook with its outputs here"
    )
    parser.add_argument(
        "--timeout", type=float, default=CELL_SECONDS_MAX, metavar="SECONDS", help="for one cell"
    )
    given = parser.parse_args(arguments)
    if given.data:
        os.environ["ARGON_DATA"] = str(Path(given.data).absolute())
    # Whoever ends us shall find nothing left: the same way out as for Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with bridge():
            return run(given.notebook, given.timeout, given.output)
    except ArgonError as error:
        print("\n".join(error.lines()), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


@contextlib.contextmanager
def bridge() -> Iterator[None]:
    """A bridge for the time of the run, unless one runs already."""
    here = places()
    if listens(here.rpc):
        yield
        return
    process = BridgeProcess(here, owned=True)
    try:
        process.start()
    except ArgonError as error:
        if error.code != "DIRECTORY_LOCKED":
            raise
    try:
        yield
    finally:
        process.stop()


def run(path: Path, timeout: float, output: Path | None) -> int:
    """Runs the cells in their order and stops at the first that fails."""
    try:
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    except ImportError as error:
        raise ArgonError(
            "PACKAGE_MISSING",
            f"running a notebook without a display needs the Python package {error.name}",
            next=["pip install nbclient ipykernel"],
        ) from None
    if not path.is_file():
        raise ArgonError("BAD_REQUEST", f"there is no notebook {path}")
    try:
        notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    except (ValueError, nbformat.ValidationError) as error:
        raise ArgonError("BAD_REQUEST", f"{path} is not a notebook: {str(error).splitlines()[0]}") from None
    _require_loopback()
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        # Its log is for whoever debugs a kernel; what a cell prints comes as output.
        extra_arguments=["--log-level=CRITICAL"],
        resources={"metadata": {"path": str(path.absolute().parent)}},
    )
    began = time.perf_counter()
    failed = 0
    done = 0
    environment = {
        **os.environ,
        "JPY_SESSION_NAME": str(path.absolute()),
        NOTEBOOK_ROOT_VARIABLE: os.path.realpath(path.parent),
    }
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(client.setup_kernel(env=environment))
        except RuntimeError as error:
            raise ArgonError(
                "KERNEL_START_FAILED",
                f"the Python kernel did not start: {error}",
                next=["jupyter kernelspec list", f"{sys.executable} -m ipykernel_launcher"],
            ) from None
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type == "markdown":
                _heading(cell.source)
            if cell.cell_type != "code" or not cell.source.strip():
                continue
            start = time.perf_counter()
            try:
                client.execute_cell(cell, index)
            except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
                failed = 1
                _line(cell, "FAILED", time.perf_counter() - start)
                _explain(cell, error)
                break
            done += 1
            _line(cell, shown(cell.outputs), time.perf_counter() - start)
    if output is not None:
        nbformat.write(notebook, output)  # type: ignore[no-untyped-call]
    verdict = "failed" if failed else "every step held"
    print(f"{path.name}: {done} cells, {verdict}, {time.perf_counter() - began:.1f} s", flush=True)
    return failed


def _require_loopback() -> None:
    """A kernel is spoken to over this machine's own network; without it one would wait a minute for nothing."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), LOOPBACK_SECONDS_MAX).close()
    except OSError as error:
        raise ArgonError(
            "KERNEL_START_FAILED",
            "the Python kernel cannot be reached: this machine's own network (127.0.0.1) does not answer"
            f" ({error.strerror or error})",
            next=["ip link set lo up"],
        ) from None


def shown(outputs: Sequence[Any]) -> str:
    """What a cell showed, on one line: its last value, or the last line it printed."""
    for kind in ("execute_result", "display_data", "stream"):
        for output in reversed(outputs):
            if output["output_type"] != kind:
                continue
            text = output["text"] if kind == "stream" else output["data"].get("text/plain", "")
            lines = [line for line in _ANSI.sub("", text).splitlines() if line.strip()]
            if lines and lines[0].startswith(("{", "[", "(")):
                return " ".join(lines)
            if lines:
                return lines[-1] if kind == "stream" else lines[0]
    return ""


def _heading(source: str) -> None:
    for line in source.splitlines():
        if line.startswith("#"):
            print(f"\n{printable(line.lstrip('#').strip())}", flush=True)


def _line(cell: Any, text: str, seconds: float) -> None:
    number = f"[{cell.execution_count or ' '}]"
    source = next(
        (line for line in cell.source.splitlines() if line.strip() and not line.startswith("#")), ""
    )
    print(
        f"{number:>5} {_fit(source, SOURCE_WIDTH)}  {_fit(text, SHOWN_WIDTH)} {seconds:7.2f} s",
        flush=True,
    )


def _explain(cell: Any, error: Exception) -> None:
    """The end of the traceback, or why there is none."""
    traces = [output["traceback"] for output in cell.outputs if output["output_type"] == "error"]
    lines = _ANSI.sub("", "\n".join(traces[-1])).splitlines() if traces else str(error).splitlines()
    for line in lines[-25:]:
        print(f"      {printable(line)}", flush=True)


def _fit(text: str, width: int) -> str:
    text = printable(" ".join(text.split()))
    return text.ljust(width) if len(text) <= width else text[: width - 1] + "…"


if __name__ == "__main__":
    sys.exit(main())
