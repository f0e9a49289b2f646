"""MLflow runs and the data they saw."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ... import protocol
from ...client import Diff
from ..blocks import ARROW, GAP, Block, Column, Facts, Heading, Line, Span, Table, Text, bold, code, note
from ..shown import Shown
from ..words import age, count, number
from .difference import DOCUMENTS_SHOWN, document_signs, summary_table


def run_list(
    runs: Sequence[protocol.Run],
    total: int | None = None,
    line: str | None = None,
    after: str | None = None,
    filtered: bool = False,
) -> Shown:
    """`%argon runs`: a page of them, how many there are, and the line that shows the next page."""
    if not runs:
        title, advice = (
            ("No such runs", "%argon runs shows them all")
            if filtered or total
            else ("No runs yet", "mlflow.start_run() makes one")
        )
        return Shown("runs", [], [Heading([bold(title)]), Text([advice], quiet=True)])
    rows: list[list[Line | str]] = []
    for run in runs:
        rows.append(
            [
                run["id"][:8],
                run["facts"].get("name", ""),
                run_ref(run),
                run["digest"][:8],
                metrics_text(run["facts"]),
                cell_text(run["facts"]),
                age(run["createdAt"]),
            ]
        )
    columns = [
        Column("run"),
        Column("name"),
        Column("data"),
        Column("digest"),
        Column("metrics"),
        Column("cell"),
        Column("when", True),
    ]
    blocks: list[Block] = [Table(columns, rows)]
    if total is not None and line is not None and after is not None:
        rest = re.sub(r"\s*--after(\s+|=)\S+", "", line).strip()
        blocks.append(
            Text(
                [
                    f"{number(len(runs))} of {count(total, 'run')} shown; the next: ",
                    code(f"%argon {rest} --after {after[:8]}"),
                ],
                quiet=True,
            )
        )
    return Shown("runs", [dict(run) for run in runs], blocks)


def affected(
    found: Sequence[protocol.RunAffectedResultRunsItem],
    versions: dict[str, list[str]],
    title: str,
    more: bool,
) -> Shown:
    """`%argon affected`: runs with the version each one saw, and the models they made."""
    data = [{**one, "models": _models(one["run"], versions)} for one in found]
    if not found:
        return Shown("affected", [], [Heading([bold(title), GAP, note("no run saw it")])])
    rows: list[list[Line | str]] = [
        [
            one["run"]["id"][:8],
            one["run"]["facts"].get("name", ""),
            run_ref(one["run"]),
            f"{one['version']}",
            ", ".join(_models(one["run"], versions)),
            cell_text(one["run"]["facts"]),
            age(one["run"]["createdAt"]),
        ]
        for one in found
    ]
    columns = [
        Column("run"),
        Column("name"),
        Column("data"),
        Column("version", True),
        Column("models"),
        Column("cell"),
        Column("when", True),
    ]
    heading = Heading([bold(title), GAP, note(f"{count(len(found), 'run')} saw it")])
    blocks: list[Block] = [heading, Table(columns, rows)]
    if more:
        blocks.append(Text(["there are more: ", code("--limit N")], quiet=True))
    return Shown("affected", data, blocks)


def _models(run: protocol.Run, versions: dict[str, list[str]]) -> list[str]:
    registered = versions.get(run["id"], [])
    logged = run["facts"].get("model")
    return registered or ([logged] if logged else [])


def reproduced(
    run: protocol.Run, session: protocol.Session, digest: str, where: str, notes: Sequence[str] = ()
) -> Shown:
    """`%argon reproduce RUN`"""
    same = digest == run["digest"]
    verdict = "same digest" if same else "another digest"
    facts: list[tuple[str, Line]] = [
        ("data", [f"{run['project']}/{run_ref(run)}, timeline {run['timeline']}"]),
        (
            "digest",
            [code(digest), f", {verdict} as the run saw" if same else f", but the run saw {run['digest']}"],
        ),
    ]
    if cell_text(run["facts"]):
        facts.append(("cell", [cell_text(run["facts"])]))
    if metrics_text(run["facts"]):
        facts.append(("metrics", [metrics_text(run["facts"])]))
    facts += [("note", [text]) for text in notes]
    title: list[Span | str] = [
        bold(f"Run {run['facts'].get('name') or run['id'][:8]} reproduced"),
        GAP,
        note(where),
    ]
    data: dict[str, Any] = {
        **run,
        "session": dict(session),
        "digestNow": digest,
        "same": same,
        "where": where,
    }
    return Shown("reproduced", data, [Heading(title), Facts(facts)])


def compared(first: protocol.Run, second: protocol.Run, found: Diff | None) -> Shown:
    """`%argon compare RUN RUN`"""
    same = first["digest"] == second["digest"]
    names = [run["facts"].get("name") or run["id"][:8] for run in (first, second)]
    verdict = (
        "same data"
        if same
        else "other data"
        if found is None
        else f"differ by {count(found.count, 'document')}"
    )
    blocks: list[Block] = [
        Heading(
            [
                bold(f"{names[0]} and {names[1]}: {verdict}"),
                GAP,
                note(run_ref(first)),
                ARROW,
                note(run_ref(second)),
            ]
        )
    ]
    if found is not None and found:
        blocks += summary_table(found.summary)
        documents = found.first_page["documents"][:DOCUMENTS_SHOWN]
        blocks.append(document_signs(documents))
        if found.count > len(documents):
            blocks.append(Text([f"{len(documents)} of {number(found.count)} shown"], quiet=True))
    rows: list[list[Line | str]] = []
    metrics = sorted({key for run in (first, second) for key in run["facts"] if key.startswith("metric.")})
    for key in metrics:
        rows.append(
            [
                key.removeprefix("metric."),
                *(short_metric(run["facts"].get(key, "")) for run in (first, second)),
            ]
        )
    if rows:
        blocks.append(Table([Column("metric"), Column(names[0], True), Column(names[1], True)], rows))
    data = {
        "same": same,
        "runs": [dict(first), dict(second)],
        "diff": None if found is None else dict(found.first_page),
        "count": 0 if found is None else found.count,
    }
    return Shown("comparison", data, blocks)


def run_ref(run: protocol.Run) -> str:
    """`clean@1204`, and whether that name still leads there; the timeline of a state without a branch."""
    branch, now = run.get("branch"), run.get("branchNow")
    if branch is None:
        return f"timeline {run['timeline']}@{run['lsn']}"
    became = {"gone": ", branch gone", "another": ", not on this branch any more"}.get(now or "", "")
    return f"{branch}@{run['lsn']}{became}"


def metrics_text(facts: dict[str, str]) -> str:
    """`accuracy 0.942, f1 0.931`; at most three."""
    metrics = [
        (key.removeprefix("metric."), value)
        for key, value in sorted(facts.items())
        if key.startswith("metric.")
    ]
    text = ", ".join(f"{key} {short_metric(value)}" for key, value in metrics[:3])
    return f"{text}, {number(len(metrics) - 3)} more" if len(metrics) > 3 else text


def cell_text(facts: dict[str, str]) -> str:
    """`quickstart.ipynb [7]`"""
    parts = [facts.get("notebook", "").rsplit("/", 1)[-1]]
    if facts.get("cellNumber"):
        parts.append(f"[{facts['cellNumber']}]")
    return " ".join(part for part in parts if part)


def short_metric(value: str) -> str:
    """At most three digits after the point."""
    try:
        return f"{float(value):.3f}".rstrip("0").rstrip(".")
    except ValueError:
        return value
