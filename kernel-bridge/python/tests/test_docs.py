"""The pages of `docs/`: their code runs, and the page of the verbs tells every verb and flag there is."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon.magics.grammar import cell_grammar, grammar
from argon.magics.parser import VerbParser
from conftest import ROOT
from kernels import Kernel

DOCS = ROOT / "docs"
NOTEBOOK_PAGES = ("branching", "cells", "magics", "mlflow", "sandboxes")


def code_of(page: str) -> list[str]:
    text = (DOCS / f"{page}.md").read_text("utf-8")
    return [block.rstrip("\n") for block in re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", NOTEBOOK_PAGES)
def test_the_code_of_a_page_runs_as_a_notebook(page: str, home: Path) -> None:
    kernel = Kernel(home, JPY_SESSION_NAME=f"{page}.ipynb", MLFLOW_DISABLE_TELEMETRY="true")
    try:
        for block in code_of(page):
            ran = kernel.run(block, timeout=120, check=None)
            assert ran.status == "ok", f"{block}\n\n{ran.text}"
    finally:
        kernel.stop()


def test_the_code_of_the_client_runs_as_a_script(home: Path) -> None:
    script = home / "page.py"
    script.write_text("\n\n".join(code_of("client")), "utf-8")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "Code:  BRANCH_NOT_FOUND" in done.stdout
    assert "new-copies" in done.stdout


def leaves(parser: VerbParser) -> Iterator[VerbParser]:
    if parser.get_default("run") is not None:
        yield parser
    parts = parser.parts()
    for part in [] if parts is None else parts.choices.values():
        yield from leaves(part)


def sections() -> dict[str, str]:
    """The page of the verbs, by the verbs in its headings; a heading may name several."""
    text = (DOCS / "magics.md").read_text("utf-8")
    found = {}
    for heading, body in re.findall(r"^#{2,4} ([^\n]*)\n(.*?)(?=^#{2,4} |\Z)", text, re.M | re.S):
        for verb in re.findall(r"`(%%?argon[^`]*)`", heading):
            found[verb] = body
    return found


VERBS = [*leaves(grammar()), *leaves(cell_grammar())]


@pytest.mark.parametrize("verb", VERBS, ids=[verb.prog for verb in VERBS])
def test_every_verb_and_flag_is_in_docs_magics(verb: VerbParser) -> None:
    told = sections().get(verb.prog)
    assert told is not None, f"docs/magics.md has no heading with `{verb.prog}`"
    for action in verb._actions:
        if isinstance(action, argparse._SubParsersAction) or action.dest in ("help", "json"):
            continue
        names = action.option_strings or [str(action.metavar or action.dest)]
        for name in names:
            assert re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", told), (
                f"docs/magics.md does not tell {name} of {verb.prog}"
            )


def test_docs_magics_tells_no_verb_and_no_flag_that_is_not_there() -> None:
    known = {verb.prog: verb for verb in VERBS}
    for prog, told in sections().items():
        assert prog in known, f"docs/magics.md tells {prog}, which is no verb"
        flags = {name for action in known[prog]._actions for name in action.option_strings}
        shared = {name for other, text in sections().items() if text == told for action in known[other]._actions
                  for name in action.option_strings}  # fmt: skip
        for flag in re.findall(r"^\| `(--[\w-]+)", told, re.M):
            assert flag in flags | shared, f"docs/magics.md tells {flag} of {prog}, which has no such flag"


def test_pictures_are_there_and_small() -> None:
    for page in sorted(DOCS.glob("*.md")):
        for name in re.findall(r'(?:src|srcset)="([^"]+)"', page.read_text("utf-8")):
            picture = DOCS / name
            assert picture.is_file(), f"{page.name}: {name}"
            assert picture.stat().st_size < 150_000, f"{name} is larger than 150 kB"


def test_names_in_pages_are_those_of_the_package() -> None:
    """What the tables of the client page list exists."""
    import argon
    from argon.client.branch import Branch
    from argon.client.client import Client
    from argon.client.project import Project

    text = (DOCS / "client.md").read_text("utf-8")
    for name in argon.__all__:
        assert re.search(rf"\b{name}\b", text) or name == "__version__", (
            f"docs/client.md does not tell {name}"
        )
    public = {
        name
        for kind in (Client, Project, Branch)
        for name in dir(kind)
        if not name.startswith("_")
        and name not in ("change", "default_branch", "timeline", "restore_preview")
    }
    missing = sorted(name for name in public if not re.search(rf"\b{name}\b", text))
    assert missing == []
