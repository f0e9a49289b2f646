"""What happened: the log, the history of a document, what cells did, the graph."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ... import protocol
from ..blocks import (
    DOT,
    GAP,
    Block,
    Column,
    Heading,
    Line,
    Preformatted,
    Sign,
    Signs,
    Span,
    Table,
    Text,
    bold,
    code,
    note,
)
from ..shown import Shown
from ..values import field_changes
from ..words import age, count, lsn_range
from .difference import entry_text

CELL_PARTS_SHOWN = 3

_SANDBOX = re.compile(r"sandbox-[0-9a-f]{8}")


def log(page: protocol.LogResult, title: str) -> Shown:
    """`%argon log`"""
    rows: list[list[Line | str]] = [
        [
            lsn_range(entry["firstLsn"], entry["lastLsn"]),
            entry.get("branch", ""),
            entry_text(entry),
            origin_text(entry["origin"]),
            age(entry["lastAt"]),
        ]
        for entry in page["entries"]
    ]
    columns = [Column("LSN", True), Column("branch"), Column("what"), Column("by"), Column("when", True)]
    blocks: list[Block] = [Heading([bold(title), GAP, note(f"head {page['head']}")])]
    blocks.append(Table(columns, rows) if rows else Text(["nothing has been written yet"]))
    if page.get("next") is not None:
        blocks.append(
            Text([f"{len(rows)} shown", DOT, code(f"--before {page['next']}"), " goes on"], quiet=True)
        )
    return Shown("log", dict(page), blocks)


def origin_text(origin: protocol.Origin) -> str:
    """Who: `ada [4]`, `ada in clean.ipynb [4]`"""
    text = origin["actor"]
    if origin.get("notebook"):
        text += f" in {origin['notebook'].rsplit('/', 1)[-1]}"
    if "cellNumber" in origin:
        text += f" [{origin['cellNumber']}]"
    return text


def history(page: protocol.HistoryResult, title: str) -> Shown:
    """`%argon history COLLECTION ID`"""
    items: list[tuple[Sign, str, Line]] = []
    signs: dict[str, Sign] = {"insert": "+", "update": "~", "delete": "-"}
    for change in page["changes"]:
        about: list[Span | str] = [f"{change.get('branch', '')} "]
        about += ["added"] if change["op"] == "insert" else ["deleted"] if change["op"] == "delete" else []
        if change["op"] == "update":
            about += list(field_changes(change["fields"]))
        about.append(note(f"  {origin_text(change['origin'])}, {age(change['time'])}"))
        items.append((signs[change["op"]], str(change["lsn"]), about))
    versions = count(len(items), "version")
    blocks: list[Block] = [Heading([bold(title), GAP, note(versions)]), Signs(items)]
    if not items:
        hint = "no document with this _id has been here; 7 is a number, '\"7\"' a text, 24 hex digits an ObjectId"
        blocks[1:] = [Text([hint], quiet=True)]
    if page.get("next") is not None:
        blocks.append(Text([code(f"--before {page['next']}"), " goes on"], quiet=True))
    return Shown("history", dict(page), blocks)


def cells(activities: Sequence[protocol.CellActivity], total: int) -> Shown:
    """`%argon cells`"""
    rows: list[list[Line | str]] = []
    for activity in activities:
        rows.append(
            [
                f"[{activity['cellNumber']}]" if "cellNumber" in activity else activity["cell"][:8],
                _some([_read_text(read) for read in activity["reads"]]),
                _some([_write_text(write) for write in activity["writes"]]),
                ", ".join(run[:8] for run in activity["runs"]),
                age(activity["startedAt"]),
            ]
        )
    columns = [Column("cell"), Column("read"), Column("wrote"), Column("runs"), Column("when", True)]
    if not rows:
        return Shown("cells", [], [Heading([bold("No cell has been seen yet")])])
    blocks: list[Block] = [Table(columns, rows)]
    if total > len(rows):
        shown = f"{len(rows)} of {count(total, 'cell')} shown"
        blocks.append(Text([shown, DOT, code(f"--limit {total}"), " shows all"], quiet=True))
    return Shown("cells", [dict(activity) for activity in activities], blocks)


def _some(texts: Sequence[str]) -> str:
    """The first few, and how many there are besides."""
    more = len(texts) - CELL_PARTS_SHOWN
    return ", ".join(texts[:CELL_PARTS_SHOWN]) + (f", {more} more" if more > 0 else "")


def _read_text(read: protocol.CellActivityReadsItem) -> str:
    base = read.get("base")
    # A sandbox is gone by now; what it was made from is not.
    ref = read["ref"] if base is None else f"a sandbox of {base['branch']}@{base['lsn']}"
    return f"{read['collection']} of {ref} ({count(read['documents'], 'doc')})"


def _write_text(write: protocol.CellActivityWritesItem) -> str:
    parts = [
        count(write["deletes"], "delete") if write["deletes"] else "",
        count(write["inserts"], "insert") if write["inserts"] else "",
        count(write["updates"], "update") if write["updates"] else "",
    ]
    what = ", ".join(part for part in parts if part)
    fate = write.get("fate")
    is_sandbox = fate == "gone" and _SANDBOX.fullmatch(write["branch"]) is not None
    branch = "a sandbox" if is_sandbox else write["branch"]
    became = "" if fate is None else f", {fate}"
    return f"{branch} {lsn_range(write['firstLsn'], write['lastLsn'])} ({what}){became}"


def graph(page: protocol.LogResult, branches: Sequence[protocol.Branch], current: str | None) -> Shown:
    """`%argon graph`: mermaid, and text."""
    text = _graph_text(page, branches, current)
    return Shown(
        "graph",
        {**page, "branches": [dict(branch) for branch in branches]},
        [Preformatted(text)],
        mime={"text/vnd.mermaid": mermaid(page, branches)},
    )


def _graph_text(page: protocol.LogResult, branches: Sequence[protocol.Branch], current: str | None) -> str:
    """A lane for each timeline that is seen, newest entry first."""
    lanes: list[int] = []
    for entry in page["entries"]:
        if entry["timeline"] not in lanes:
            lanes.append(entry["timeline"])
    heads = {branch["timeline"]: branch["name"] for branch in branches}
    forks = {timeline["id"]: timeline for timeline in page["timelines"]}
    lines = []
    width = max((len(lsn_range(entry["firstLsn"], entry["lastLsn"])) for entry in page["entries"]), default=1)
    labelled: set[int] = set()
    live: set[int] = set()
    for entry in page["entries"]:
        here = entry["timeline"]
        live.add(here)
        marks = " ".join("●" if lane == here else "│" if lane in live else " " for lane in lanes)
        label = ""
        if here in heads and here not in labelled:
            labelled.add(here)
            label = f"[{heads[here]}{' *' if heads[here] == current else ''}] "
        lines.append(
            f"{lsn_range(entry['firstLsn'], entry['lastLsn']).rjust(width)}  {marks}  {label}{entry_text(entry)}"
        )
    for lane in lanes:
        timeline = forks.get(lane)
        if timeline is not None and timeline.get("parent") is not None:
            lines.append(
                f"{' ' * width}  {heads.get(lane, f'timeline {lane}')} forks at {timeline['forkLsn']}"
            )
    return "\n".join(lines) or "nothing has been written yet"


def mermaid(page: protocol.LogResult, branches: Sequence[protocol.Branch]) -> str:
    """The log as a mermaid flow chart. Names stand in quotes with everything but plain text escaped."""
    lines = ["flowchart BT"]
    last: dict[int, str] = {}
    forks = {timeline["id"]: timeline for timeline in page["timelines"]}
    seen: dict[int, list[tuple[int, str]]] = {}
    for entry in reversed(page["entries"]):
        node = f"n{entry['firstLsn']}_{entry['timeline']}"
        label = _mermaid_text(f"{lsn_range(entry['firstLsn'], entry['lastLsn'])} {entry_text(entry)}")
        lines.append(f'  {node}["{label}"]')
        before: str | None = last.get(entry["timeline"])
        if before is None:
            timeline = forks.get(entry["timeline"])
            parent = None if timeline is None else timeline.get("parent")
            if timeline is not None and parent is not None:
                earlier = [name for lsn, name in seen.get(parent, []) if lsn <= timeline["forkLsn"]]
                before = earlier[-1] if earlier else None
        if before is not None:
            lines.append(f"  {before} --> {node}")
        merge = entry.get("merge")
        if merge is not None:
            sources = [
                name for lsn, name in seen.get(merge["sourceTimeline"], []) if lsn <= merge["sourceLsn"]
            ]
            if sources:
                lines.append(f"  {sources[-1]} -.-> {node}")
        last[entry["timeline"]] = node
        seen.setdefault(entry["timeline"], []).append((entry["firstLsn"], node))
    for index, branch in enumerate(branches):
        head = last.get(branch["timeline"])
        if head is not None:
            lines.append(f'  b{index}(["{_mermaid_text(branch["name"])}"]) -.- {head}')
    return "\n".join(lines)


def _mermaid_text(text: str) -> str:
    return "".join(
        letter if letter.isalnum() or letter in " ,.;:@-_/–" else f"#{ord(letter)};" for letter in text[:80]
    )
