"""Who gave a document its values."""

from __future__ import annotations

from collections.abc import Sequence

from ... import protocol
from ..blocks import GAP, Block, Column, Heading, Line, Table, Text, bold, note
from ..shown import Shown
from ..values import path_text, value_text
from ..words import age, count
from .story import origin_text


def blame(fields: Sequence[protocol.Blame], title: str, path: Sequence[str]) -> Shown:
    """`%argon why COLLECTION ID [PATH]`"""
    if not fields:
        what = f"there is no field {path_text(path)}" if path else "there is no such document"
        return Shown("blame", [], [Heading([bold(title), GAP, note(what)])])
    rows: list[list[Line | str]] = [
        [
            path_text(field["path"]),
            value_text(field["value"]),
            f"{field['lsn']}" if field["exact"] else f"≤ {field['lsn']}",
            field.get("branch", ""),
            origin_text(field["origin"]),
            ", ".join(run[:8] for run in field["runs"]),
            age(field["time"]),
        ]
        for field in fields
    ]
    columns = [
        Column("field"),
        Column("value"),
        Column("LSN", True),
        Column("branch"),
        Column("by"),
        Column("runs"),
        Column("when", True),
    ]
    blocks: list[Block] = [
        Heading([bold(title), GAP, note(count(len(fields), "field"))]),
        Table(columns, rows),
    ]
    if any(not field["exact"] for field in fields):
        blocks.append(Text(["≤: its history is longer than what is looked through or kept"], quiet=True))
    return Shown("blame", [dict(field) for field in fields], blocks)
