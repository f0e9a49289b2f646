"""What the notebook's side costs, measured in a real kernel over ZMQ. Prints one line of JSON for each figure.

`python kernel_times.py '{"branches": 10000, "calls": 200}'`, with `ARGON_DATA` and `ARGON_RUNTIME_DIR` set.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "kernel-bridge" / "python" / "tests"))

TIMED = """
import gc, json, time
def timed(work, calls):
    times = []
    for n in range(calls):
        begin = time.perf_counter()
        work(n)
        times.append((time.perf_counter() - begin) * 1000)
    print(json.dumps(times))
magic = get_ipython().run_line_magic
"""

IMPORTED = """
import sys, time
begun = time.perf_counter()
import mlflow
from mlflow.tracking.context.registry import _run_context_provider_registry as registry
ours = [one for one in registry if type(one).__module__.startswith("argon")]
assert ours, "the run context provider of Argon is not installed"
"""

WITHOUT = """
import json, time
from argon.mlflow.context import ArgonRunContext
context = ArgonRunContext()
times = []
for _ in range(%d):
    begin = time.perf_counter()
    context.in_context() and context.tags()
    times.append((time.perf_counter() - begin) * 1000)
print(json.dumps(times))
"""


def tell(
    name: str, value: float, most: float | None = None, unit: str = "ms", baseline: float | None = None
) -> None:
    print(
        json.dumps({"name": name, "value": value, "most": most, "unit": unit, "baseline": baseline}),
        flush=True,
    )


def p95(times: list[float]) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * 0.95))]


def median(times: list[float]) -> float:
    return sorted(times)[len(times) // 2]


async def make_branches(data: Path, project: str, count: int) -> None:
    """Many at once, as many notebooks would."""
    import argon

    async with argon.AsyncClient(data=data) as client:
        branches = client.project(project).branches
        for first in range(0, count, 200):
            names = [
                f"exp/{n:05}-{('scale', 'clean', 'label')[n % 3]}"
                for n in range(first, min(first + 200, count))
            ]
            await asyncio.gather(*(branches.create(name) for name in names))


def times_of(kernel: Any, code: str) -> list[float]:
    found: list[float] = json.loads(kernel.run(code, timeout=600).text.splitlines()[-1])
    return found


def measure_verbs(kernel: Any, calls: int) -> None:
    times = times_of(kernel, f"timed(lambda n: magic('argon', f'branch create quick-{{n}}'), {calls})")
    tell("%argon branch create, p95", p95(times), 10)
    times = times_of(kernel, f"timed(lambda n: magic('argon', ''), {calls})")
    tell("%argon, p95", p95(times), 5)


def measure_completion(kernel: Any, calls: int, branches: int) -> None:
    lines = ["checkout exp/0", "checkout exp/00123", "merge 5clean", "diff exp/007", "branch delete 07label"]
    times = []
    for n in range(calls):
        line = f"%argon {lines[n % len(lines)]}"
        begin = time.perf_counter()
        found = kernel.complete(line)
        times.append((time.perf_counter() - begin) * 1000)
        assert found not in ([], [line]), f"nothing completes {line}"
    tell(f"completion of a branch among {branches:,}, p95", p95(times), 50)


def measure_import(rounds: int) -> None:
    """Milliseconds that Argon's own modules take of `import mlflow` and the loading of its plug-ins."""
    sums = []
    for _ in range(rounds):
        ran = subprocess.run(
            [sys.executable, "-X", "importtime", "-c", IMPORTED], capture_output=True, text=True, check=True
        )
        own = 0
        for line in ran.stderr.splitlines():
            cells = line.removeprefix("import time:").split("|")
            if len(cells) == 3 and cells[2].strip().split(".")[0] == "argon":
                own += int(cells[0])
        sums.append(own / 1000)
    tell("import mlflow, more because of Argon", median(sums), 5)


def measure_runs(kernel: Any, calls: int) -> None:
    kernel.run(
        "import mlflow\nfrom argon.mlflow.context import ArgonRunContext\ncontext = ArgonRunContext()",
        timeout=300,
    )
    kernel.run(
        "mlflow.set_tracking_uri('sqlite:///mlflow.db')\nwith mlflow.start_run():\n    pass", timeout=300
    )
    times = times_of(
        kernel,
        "from argon.mlflow import attach\n"
        f"timed(lambda n: context.in_context() and context.tags(), {calls})\n",
    )
    tell("start_run with a bridge, more because of Argon, p95", p95(times), 20)
    kernel.run("attach._open.clear()", check=None)
    started = (
        "def start(n):\n    global run\n    run = mlflow.start_run()\n"
        "times = []\n"
        f"for n in range({calls // 4}):\n"
        "    begin = time.perf_counter()\n"
        "    run = mlflow.start_run()\n"
        "    times.append((time.perf_counter() - begin) * 1000)\n"
        "    mlflow.end_run()\n"
        "    time.sleep(0.05)\n"
        "print(json.dumps(times))"
    )
    with_argon = median(times_of(kernel, started))
    kernel.run(
        "from mlflow.tracking.context import registry\n"
        "all_ = registry._run_context_provider_registry\n"
        "all_._registry = [one for one in all_._registry if not type(one).__module__.startswith('argon')]"
    )
    without = median(times_of(kernel, started))
    tell("start_run as a whole, median", with_argon, None, baseline=without)


def measure_without(calls: int, folder: Path) -> None:
    """A plain script where no bridge runs and nobody has asked for one."""
    environment = {
        **os.environ,
        "ARGON_DATA": str(folder / "none"),
        "ARGON_RUNTIME_DIR": str(folder / "no-run"),
    }
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT % calls], capture_output=True, text=True, check=True, env=environment
    )
    times = json.loads(ran.stdout)
    tell("start_run without a bridge, more because of Argon, p95", p95(times), 1)
    tell("the same, the first one", times[0], 1)


def main(options: dict[str, int]) -> None:
    from argon.launch import places
    from kernels import Kernel

    data = Path(os.environ["ARGON_DATA"])
    folder = data.parent
    os.environ["PYTHONPATH"] = str(ROOT / "kernel-bridge" / "python")
    kernel = Kernel(folder)
    try:
        kernel.run("%load_ext argon\n%argon init bench\nimport argon\ndb = argon.db()", timeout=120)
        kernel.run("db.birds.insert_many([{'_id': n, 'mass': n / 3} for n in range(1_000)]);")
        kernel.run(TIMED)
        work: list[Callable[[], None]] = [
            lambda: measure_verbs(kernel, options["calls"]),
            lambda: measure_runs(kernel, options["calls"]),
            lambda: asyncio.run(make_branches(places(data).data, "bench", options["branches"])),
            lambda: measure_completion(kernel, options["calls"], options["branches"]),
            lambda: measure_import(options["imports"]),
            lambda: measure_without(options["calls"], folder),
        ]
        for part in work:
            part()
    finally:
        kernel.stop()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
