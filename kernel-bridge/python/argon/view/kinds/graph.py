"""The graph of a log in three forms: text for a terminal, mermaid, and a drawing that needs nothing to be shown."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ... import protocol
from ..blocks import Preformatted
from ..shown import Shown
from ..words import lsn_range
from .difference import entry_text

ROW = 24
LANE = 18
LETTER = 7.2
"""Width of a letter in the code font of 12 px."""

TEXT_LENGTH_MAX = 120
COLOURS = ("#5c6370", "#1565c0", "#8e24aa", "#b3541e")
"""Of lanes in turn; dark enough on white. From the fifth lane on they come again, dashed."""


def graph(page: protocol.LogResult, branches: Sequence[protocol.Branch], current: str | None) -> Shown:
    """`%argon graph`: text, mermaid and SVG."""
    return Shown(
        "graph",
        {**page, "branches": [dict(branch) for branch in branches]},
        [Preformatted(_graph_text(page, branches, current))],
        mime={"text/vnd.mermaid": mermaid(page, branches), "image/svg+xml": svg(page, branches, current)},
    )


def _lanes(page: protocol.LogResult) -> list[int]:
    """The timelines that are seen, in the order of their newest entries."""
    return list(dict.fromkeys(entry["timeline"] for entry in page["entries"]))


def _graph_text(page: protocol.LogResult, branches: Sequence[protocol.Branch], current: str | None) -> str:
    """A lane for each timeline that is seen, newest entry first."""
    lanes = _lanes(page)
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


def svg(page: protocol.LogResult, branches: Sequence[protocol.Branch], current: str | None) -> str:
    """The log as a drawing: a lane for each timeline, newest entry first, on a ground of its own. Names are text."""
    entries = page["entries"]
    lanes = _lanes(page)
    heads = {branch["timeline"]: branch["name"] for branch in branches}
    timelines = {timeline["id"]: timeline for timeline in page["timelines"]}
    ranges = [lsn_range(entry["firstLsn"], entry["lastLsn"]) for entry in entries]
    left = max((len(text) for text in ranges), default=1) * LETTER + 16
    texts_at = left + len(lanes) * LANE + 8

    def x(timeline: int) -> float:
        return left + lanes.index(timeline) * LANE + LANE / 2

    def y(row: float) -> float:
        return row * ROW + ROW / 2

    def row_at(timeline: int, lsn: int) -> int | None:
        """The newest entry of a timeline that begins at an LSN or before."""
        found = (
            row
            for row, entry in enumerate(entries)
            if entry["timeline"] == timeline and entry["firstLsn"] <= lsn
        )
        return next(found, None)

    lines: list[str] = []
    nodes: list[str] = []
    for lane, timeline in enumerate(lanes):
        rows = [row for row, entry in enumerate(entries) if entry["timeline"] == timeline]
        colour = COLOURS[lane % len(COLOURS)]
        style = f'stroke="{colour}" stroke-width="2" fill="none"'
        if lane >= len(COLOURS):
            style += ' stroke-dasharray="4 3"'
        path = f"M{x(timeline):g} {y(rows[0]):g}V{y(rows[-1]):g}"
        info = timelines.get(timeline)
        parent = None if info is None else info.get("parent")
        if info is not None and parent is not None:
            fork = row_at(parent, info["forkLsn"]) if parent in lanes else None
            # A fork whose entry is not on the page leads out of it.
            to_x, to_y = (x(timeline), y(len(entries))) if fork is None else (x(parent), y(fork))
            path += f"C{x(timeline):g} {to_y:g} {x(timeline):g} {to_y:g} {to_x:g} {to_y:g}"
        lines.append(f'<path d="{path}" {style}/>')
        for row in rows:
            nodes.append(f'<circle cx="{x(timeline):g}" cy="{y(row):g}" r="4.5" fill="{colour}"/>')
    for row, entry in enumerate(entries):
        merge = entry.get("merge")
        source = None if merge is None else row_at(merge["sourceTimeline"], merge["sourceLsn"])
        if merge is not None and source is not None:
            from_x, to_x = x(merge["sourceTimeline"]), x(entry["timeline"])
            lines.append(
                f'<path d="M{from_x:g} {y(source):g}C{from_x:g} {y(row):g} {from_x:g} {y(row):g} {to_x:g} {y(row):g}" '
                'stroke="#5c6370" stroke-width="1.5" stroke-dasharray="2 2" fill="none"/>'
            )
    words: list[str] = []
    longest = 0
    labelled: set[int] = set()
    for row, entry in enumerate(entries):
        timeline = entry["timeline"]
        label = ""
        if timeline in heads and timeline not in labelled:
            labelled.add(timeline)
            label = f"[{heads[timeline]}{' *' if heads[timeline] == current else ''}] "
        label, what = _cut(label, TEXT_LENGTH_MAX), _cut(entry_text(entry), TEXT_LENGTH_MAX)
        longest = max(longest, len(label) + len(what))
        words.append(
            f'<text x="{left - 8:g}" y="{y(row) + 4:g}" text-anchor="end" fill="#5c6370">{_plain(ranges[row])}</text>'
            f'<text x="{texts_at:g}" y="{y(row) + 4:g}" xml:space="preserve">'
            f'<tspan font-weight="600">{_plain(label)}</tspan>{_plain(what)}</text>'
        )
    if not entries:
        words.append(f'<text x="{left:g}" y="{y(0) + 4:g}">nothing has been written yet</text>')
        longest = 30
    width, height = texts_at + longest * LETTER + 16, max(1, len(entries)) * ROW + ROW / 2
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" role="img" font-family="monospace" font-size="12" fill="#212121">'
        "<title>Branches of the project, newest changes first</title>"
        f'<rect width="100%" height="100%" fill="#ffffff"/>{"".join(lines + nodes + words)}</svg>'
    )


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _plain(text: str) -> str:
    """Text of a drawing: escaped, and without the characters that XML cannot hold."""
    return escape("".join(letter if letter.isprintable() else "\ufffd" for letter in text))
