"""What happened: the log, the history of a document, what cells did."""

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
