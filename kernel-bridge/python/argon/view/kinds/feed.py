"""Changes in the order in which they were made."""

from __future__ import annotations

from ... import protocol
from ..blocks import DOT, GAP, Block, Heading, Line, Sign, Signs, Span, Text, bold, code, note
from ..shown import Shown
from ..values import document_name, field_changes
from ..words import age, count
from .story import origin_text

_SIGNS: dict[str, Sign] = {"insert": "+", "update": "~", "delete": "-"}
_DONE = {"insert": "added", "update": "changed", "delete": "deleted"}


def feed(page: protocol.FeedResult, title: str, after: int) -> Shown:
    """`%argon feed`"""
    items: list[tuple[Sign, str, Line]] = []
    for change in page["changes"]:
        is_schema = change.get("catalog", False)
        name = (
            f"collection {change['collection']}"
            if is_schema
            else document_name(change["collection"], change["id"])
        )
        about: list[Span | str] = [f"{change['lsn']} {change.get('branch', '')}  "]
        if change["op"] == "update" and change["fields"]:
            about += field_changes(change["fields"])
        else:
            about.append(_DONE[change["op"]])
        about.append(note(f"  {origin_text(change['origin'])}, {age(change['time'])}"))
        items.append((_SIGNS[change["op"]], name, about))
    told = count(len(items), "change")
    blocks: list[Block] = [
        Heading([bold(title), GAP, note(f"{told} behind {after}, up to {page['upTo']} of {page['head']}")]),
        Signs(items),
    ]
    if page["upTo"] < page["head"]:
        blocks.append(Text([f"{told} shown", DOT, code(f"--after {page['upTo']}"), " goes on"], quiet=True))
    return Shown("feed", dict(page), blocks)
