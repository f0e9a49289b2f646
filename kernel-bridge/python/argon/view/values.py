"""Values, ids and field paths of the protocol as short text."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from .. import protocol
from .blocks import ARROW, Line, Span, note

NOT_THERE = "not there"
VALUE_LETTERS_MAX = 40
CHANGED_LETTERS_MAX = 24
"""A change has two values, and a line several changes."""


def value_text(value: protocol.Value, letters_max: int = VALUE_LETTERS_MAX) -> str:
    """A value, or the words "not there"."""
    if value.get("missing"):
        return NOT_THERE
    return _clip(extended_text(value.get("value")), letters_max)


def extended_text(value: Any) -> str:
    """A value of canonical Extended JSON in the way one would write it: `3450`, `44.5`, `"male"`, `2007-11-11`."""
    if isinstance(value, list):
        return "[" + ", ".join(extended_text(inner) for inner in value) + "]"
    if not isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    if len(value) == 1:
        ((key, inner),) = value.items()
        if key in ("$numberInt", "$numberLong", "$numberDouble", "$numberDecimal"):
            return str(inner)
        if key == "$oid":
            return f"ObjectId({inner})"
        if key == "$date":
            return _date(inner)
        if key in ("$minKey", "$maxKey"):
            return str(key)[1:]
        if key == "$uuid":
            return f"UUID({inner})"
    if set(value) == {"$binary"}:
        return "binary"
    if set(value) == {"$timestamp"}:
        return f"Timestamp({value['$timestamp']['t']}, {value['$timestamp']['i']})"
    if "$regularExpression" in value:
        expression = value["$regularExpression"]
        return f"/{expression['pattern']}/{expression['options']}"
    return "{" + ", ".join(f"{key}: {extended_text(inner)}" for key, inner in value.items()) + "}"


def id_text(value: Any) -> str:
    """An `_id` as part of a document's name: a string without quotes."""
    if isinstance(value, str):
        return _clip(value)
    if isinstance(value, dict) and set(value) == {"$oid"}:
        return str(value["$oid"])
    return _clip(extended_text(value))


def document_name(collection: str, id: Any) -> str:
    """`penguins/A004`"""
    return f"{collection}/{id_text(id)}"


def path_text(path: Sequence[str | int]) -> str:
    """`bill.length_mm`, `tags.0`; a key that holds a dot is quoted."""
    return ".".join(
        json.dumps(part, ensure_ascii=False)
        if isinstance(part, str) and ("." in part or not part)
        else str(part)
        for part in path
    )


def field_change(change: protocol.FieldChange) -> list[Span | str]:
    """`sex "male" → "female"`; with the types where they differ."""
    before, after = change["before"], change["after"]
    somewhere_missing = before.get("missing") or after.get("missing")
    types_differ = not somewhere_missing and before.get("type") != after.get("type")
    line: list[Span | str] = [
        path_text(change["path"]) + (": " if somewhere_missing else " "),
        value_text(before, CHANGED_LETTERS_MAX),
    ]
    if types_differ and before.get("type") != "null":
        line.append(note(f" {before.get('type')}"))
    line += [ARROW, value_text(after, CHANGED_LETTERS_MAX)]
    if types_differ and before.get("type") != "null" and after.get("type") != "null":
        line.append(note(f" {after.get('type')}"))
    return line


def field_changes(changes: Sequence[protocol.FieldChange], letters_max: int = 96) -> Line:
    """As many changes of a document as fit on a line, and how many more there are."""
    line: list[Span | str] = []
    length = 0
    for index, change in enumerate(changes):
        piece = field_change(change)
        size = sum(len(part.text if isinstance(part, Span) else part) for part in piece)
        if line and length + size > letters_max:
            left = len(changes) - index
            line.append(f", {left} more field{'' if left == 1 else 's'}")
            return line
        if line:
            line.append(", ")
        line += piece
        length += size + 2
    return line


def _date(value: Any) -> str:
    if isinstance(value, dict):
        milliseconds = int(value.get("$numberLong", 0))
        try:
            moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=milliseconds)
        except OverflowError:
            return f"Date({milliseconds})"
        text = moment.strftime("%Y-%m-%d %H:%M:%S") + (
            f".{milliseconds % 1000:03d}" if milliseconds % 1000 else ""
        )
        return re.sub(r" 00:00:00$", "", text)
    return str(value)


def _clip(text: str, letters_max: int = VALUE_LETTERS_MAX) -> str:
    return text if len(text) <= letters_max else text[: letters_max - 1] + "…"
