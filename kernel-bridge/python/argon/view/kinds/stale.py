"""Cells whose data has moved, and what to run again."""

from __future__ import annotations

from collections.abc import Sequence

from ... import protocol
from ..blocks import GAP, Column, Heading, Line, Table, bold, note
from ..shown import Shown
from ..words import age, count
from .story import origin_text


def stale(cells: Sequence[protocol.SessionStaleResultStaleItem]) -> Shown:
    """`%argon stale`"""
    if not cells:
        return Shown("stale", [], [Heading([bold("No cell is stale"), GAP, note("as far as is remembered")])])
    rows: list[list[Line | str]] = []
    for cell in cells:
        for read in cell["reads"]:
            change = read.get("changed")
            rows.append(
                [
                    _name(cell.get("cellNumber"), cell["cell"]),
                    f"{read['collection']} of {read['branch']}@{read['lsn']}",
                    "reset, or gone" if change is None else f"{change['lsn']}",
                    "" if change is None else origin_text(change["origin"]),
                    "" if change is None else age(change["time"]),
                ]
            )
    columns = [
        Column("cell"),
        Column("read"),
        Column("changed at", True),
        Column("by"),
        Column("when", True),
    ]
    heading = Heading(
        [bold(f"{count(len(cells), 'cell')} stale"), GAP, note("%argon rerun-plan tells the order")]
    )
    return Shown("stale", [dict(cell) for cell in cells], [heading, Table(columns, rows)])


def rerun_plan(cells: Sequence[protocol.SessionStaleResultPlanItem]) -> Shown:
    """`%argon rerun-plan`"""
    if not cells:
        return Shown("rerun-plan", [], [Heading([bold("Nothing to run again")])])
    names = {cell["cell"]: _name(cell.get("cellNumber"), cell["cell"]) for cell in cells}
    rows: list[list[Line | str]] = [
        [
            str(place),
            names[cell["cell"]],
            "its data has changed" if cell["stale"] else "reads what is made again",
            ", ".join(names.get(other, other[:8]) for other in cell["after"]),
        ]
        for place, cell in enumerate(cells, 1)
    ]
    columns = [Column("", True), Column("cell"), Column("why"), Column("after")]
    heading = Heading([bold(f"{count(len(cells), 'cell')} to run again"), GAP, note("in this order")])
    return Shown("rerun-plan", [dict(cell) for cell in cells], [heading, Table(columns, rows)])


def _name(number: int | None, cell: str) -> str:
    return cell[:8] if number is None else f"[{number}]"
