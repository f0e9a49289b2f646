"""What is collected, and what is kept because of what."""

from __future__ import annotations

from ... import protocol
from ..blocks import GAP, Block, Column, Heading, Line, Table, Text, bold, code, note
from ..shown import Shown
from ..words import number, size

_ROWS = {
    "versions": "versions of documents",
    "changes": "rows of changes",
    "indexEntries": "index entries",
    "commits": "commit times",
    "other": "other rows",
}


def collected(report: protocol.KeepingGcResult) -> Shown:
    """`%argon gc`: a dry run says what would go, another what went."""
    dry = report["dryRun"]
    log, state = size(max(0, report["logBytes"])), size(report["stateBytes"])
    title = f"{log} of the log and {state} inside the state"
    blocks: list[Block] = [Heading([bold(title), GAP, note("would be given back" if dry else "given back")])]
    counts = {_ROWS[name]: count for name, count in report["rows"].items() if isinstance(count, int)}
    counts |= {"timelines": report["timelines"], "page images": report["images"]}
    went: list[list[Line | str]] = [[name, number(count)] for name, count in counts.items() if count]
    if went:
        blocks.append(Table([Column("would go" if dry else "gone"), Column("count", right=True)], went))
    else:
        blocks.append(Text([f"nothing {'would go' if dry else 'was to be taken away'}"]))
    kept: list[list[Line | str]] = [
        [[f"{one['kind']} ", code(one["name"])], number(one["lsn"]), size(one["bytesAlone"])]
        for one in report["kept"]
    ]
    if kept:
        columns = [
            Column("kept because of"),
            Column("from LSN", right=True),
            Column("only for it", right=True),
        ]
        blocks.append(Table(columns, kept))
    else:
        blocks.append(Text(["everything is kept: ", code("--keep 7d"), " would keep a week"], quiet=True))
    horizons: list[list[Line | str]] = [[one["branch"], number(one["lsn"])] for one in report["horizons"]]
    if horizons:
        blocks.append(Table([Column("branch"), Column("can be read from LSN", right=True)], horizons))
    if dry:
        blocks.append(Text(["nothing was changed; ", code("--apply"), " does it"], quiet=True))
    return Shown("gc", {**report}, blocks)
