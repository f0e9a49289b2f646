"""The tutorials of `binder/`, cell by cell in a real kernel: what they say is what one sees, and they run again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from argon.launch import Places
from conftest import ROOT
from kernels import Kernel, Ran

SAYS: dict[str, list[tuple[str, str]]] = {
    "branching": [
        ("start = %argon", r"shop/main@\d+  writable, the head"),
        ("branch create spring-prices", r"shop/spring-prices@\d+  from main\nfork main@\d+, the session is here"),
        ("sold_out =", r"95 prices raised, 3 products sold out and gone"),
        ("changes = %argon diff", r"98 of 200 documents differ .*\n(.*\n)*products +0 +95 +3\n"),
        ("%argon history", r"~ \d+  spring-prices price 11.1 -> 11.77  .* in branching.ipynb \[\d+\]"),
        ("%argon branch list", r"\* spring-prices +\d+ +98 +3 "),
        ("plan = %argon merge", r"97 of 98 documents merge cleanly, 1 conflict\n"),
        ("plan = %argon merge", r"! products/P001  price: 11.1 -> 19.5 on main, 11.77 on spring-prices"),
        ("%argon merge answer", r"answer: 18.9\nNothing has been written"),
        ("%argon merge apply", r"Merged spring-prices@\d+ into main  98 documents"),
        ("%argon graph", r"\[main\] merge of spring-prices@\d+: 95 updates, 3 deletes"),
        ("%argon pin price-list-2025 main", r"pin:price-list-2025 is shop/main@\d+  kept for ever"),
        ("%argon undo --cell --preview", r"65 documents go back cleanly, no conflicts\n(.*\n)*Nothing has been written"),
        ("%argon undo --cell", r"Undone cell \[\d+\], .* on main  65 documents"),
        ("%argon restore preview", r"A reset would discard 231 changes"),
        ("reset = %argon restore apply", r"what was discarded stays as backup/main-\d+"),
        ("%argon branch delete {reset", r"shop/backup/main-\d+@\d+  deleted"),
        ('assert db.products.find_one({"_id": tea})["price"] == 18.9', r"No difference  pin:price-list-2025"),
    ],
    "cells": [
        ("warmest = ", r"the warmest day was 29 April, with 23.4 degrees"),
        ("seen = %argon cells", r"\[\d+\] +readings of main@\d+ \(720 docs\) +main \S+ \(60 inserts\)"),
        ("converted = ", r"360"),
        ("stale = %argon stale", r"\[\d+\] +readings of main@\d+ +\d+ +.* in cells.ipynb \[\d+\]"),
        ("%argon undo --cell", r"Undone cell \[\d+\], .* on main  360 documents"),
        ("left = %argon stale", r"No cell is stale"),
        ("plan = %argon rerun-plan", r"1  \[\d+\] +its data has changed\n(.*\n)*.*reads what is made again  \[\d+\]"),
        ("why = %argon why", r"4 fields\n(.*\n)*temperature  12.4 "),
        ("%argon why readings N07-45 temperature", r"1 field\n"),
        ("%argon history readings", r"4 versions\n~ \d+  main temperature 54.3 -> 12.4"),
    ],
    "mlflow-lineage": [
        ("as imported", r"accuracy 0\.648"),
        ("tags = {", r"dataset churn/customers, digest [0-9a-f]{32}\n(.*\n)*.*'argon.branch': 'main'"),
        ("affected = %argon", r"as imported +main@\d+ +\d+  churn@\d+ +mlflow-lineage.ipynb \[\d+\]"),
        ("tenure fixed", r"accuracy 0\.798, before 0\.648"),
        ("%argon runs", r"tenure fixed  fix-tenure@\d+ .*\n.*as imported +main@\d+ "),
        ("difference = %argon compare", r"as imported and tenure fixed: differ by 80 documents"),
        ("difference = %argon compare", r"10 of 80 shown\n"),
        ("opened = %argon model", r"same digest as the run saw\n(.*\n)*note +model churn@\d+ was made by run"),
        ("%argon reproduce", r"Run as imported reproduced  churn/fix-tenure, a new branch"),
        ("verdict = %argon compare", r"as imported and as imported, again: same data"),
    ],
    "sandboxes": [
        ("%%argon sandbox\n", r"Sandbox of main@\d+: \d+ documents changed, then discarded\n(.*\n)*main is as it was"),
        ("with argon.sandbox():", r"WriteError\n(.*\n)*1 branch"),
        ("results = {}", r"0\.7 .* \d+"),
        ("--keep more-docks", r"changed, kept as more-docks\n"),
        ("%argon diff main more-docks", r"\d+ of 40 documents differ"),
        ("%argon merge more-docks", r"Merged more-docks@\d+ into main"),
        ("%%argon branch night-shift --from", r"On night-shift, made from main@\d+: 37 documents changed\n"),
        ("%%argon branch night-shift\n", r"On night-shift: 10 documents changed\n"),
        ("%%argon at", r"\d{3}"),
        ("error.details", r"READ_ONLY: main@\d+ of project bikes is a past state"),
    ],
}  # fmt: skip


@pytest.fixture(params=sorted(SAYS))
def tutorial(request: pytest.FixtureRequest, here: Places, tmp_path: Path) -> Iterator[tuple[str, Kernel]]:
    kernel = Kernel(tmp_path, JPY_SESSION_NAME=f"{request.param}.ipynb", MLFLOW_DISABLE_TELEMETRY="true")
    yield request.param, kernel
    kernel.stop()


def code_of(name: str) -> list[Any]:
    book = nbformat.read(ROOT / "binder" / f"{name}.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    return [cell for cell in book.cells if cell.cell_type == "code"]


def run_all(kernel: Kernel, name: str) -> list[tuple[str, Ran]]:
    return [(cell.source, kernel.run(cell.source, cell=cell.id, timeout=300)) for cell in code_of(name)]


@pytest.mark.timeout(900)
def test_a_tutorial_shows_what_it_says_and_runs_twice(tutorial: tuple[str, Kernel]) -> None:
    name, kernel = tutorial
    for _ in range(2):
        ran = run_all(kernel, name)
        for source, wanted in SAYS[name]:
            shown = [one.text for text, one in ran if source in text]
            assert shown, f"{name} has no cell with {source}"
            assert any(re.search(wanted, text) for text in shown), f"{source}\n{wanted}\n" + "\n".join(shown)
    if name == "cells":
        run_the_plan(kernel)


def run_the_plan(kernel: Kernel) -> None:
    """What the page tells its reader to do: run the cells of the plan in their order, and nothing is stale."""
    sources = {cell.id: cell.source for cell in code_of("cells")}
    steps = [step["cell"] for step in kernel.run("%argon rerun-plan").json("rerun-plan")]
    assert steps
    shown = [kernel.run(sources[step], cell=step).text for step in steps]
    assert "the warmest day was 29 April, with 19.6 degrees" in shown
    assert kernel.run("%argon stale").text.startswith("No cell is stale")


def test_every_notebook_has_a_test() -> None:
    names = {path.stem for path in (ROOT / "binder").glob("*.ipynb")}
    assert names == {*SAYS, "quickstart", "flights"}


def test_links_between_notebooks_and_pages_lead_somewhere() -> None:
    for path in sorted((ROOT / "binder").glob("*.ipynb")):
        book = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        for cell in book.cells:
            if cell.cell_type == "markdown":
                for link in re.findall(r"\]\(([^)#:]+)\)", cell.source):
                    assert (path.parent / link).exists(), f"{path.name}: {link}"
