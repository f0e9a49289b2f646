"""Blocks as text for a terminal."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from ..errors import printable
from .blocks import Block, Facts, Heading, Line, Preformatted, Signs, Span, Table, Text
from .words import short

WIDTH = 88
CELL_WORD_MAX = 60
"""Letters of one word in a table; a longer one would push all that follows off the page."""

_WORD_TOO_LONG = re.compile(rf"\S{{{CELL_WORD_MAX + 1},}}")


def text_of(blocks: Sequence[Block]) -> str:
    """The blocks, one below the other."""
    return "\n".join(part for part in (_block(block) for block in blocks) if part)


def line_text(line: Line | str) -> str:
    """A line without its styles."""
    if isinstance(line, str):
        return printable(line)
    return "".join(printable(part.text if isinstance(part, Span) else part) for part in line)


def _block(block: Block) -> str:
    if isinstance(block, (Heading, Text)):
        return line_text(block.line)
    if isinstance(block, Facts):
        return _facts(block)
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Signs):
        return _signs(block)
    assert isinstance(block, Preformatted)
    return "\n".join(printable(line) for line in block.text.splitlines())


def _shortened(found: re.Match[str]) -> str:
    return short(found[0], CELL_WORD_MAX)


def _facts(block: Facts) -> str:
    width = max((len(label) for label, _ in block.rows), default=0)
    return "\n".join(f"{printable(label).ljust(width)}   {line_text(line)}" for label, line in block.rows)


def _table(block: Table) -> str:
    cells = [[printable(column.title) for column in block.columns]]
    cells += [[_WORD_TOO_LONG.sub(_shortened, line_text(cell)) for cell in row] for row in block.rows]
    widths = [max(len(row[index]) for row in cells) for index in range(len(block.columns))]
    lines = []
    for number, row in enumerate(cells):
        parts = [
            cell.rjust(width) if column.right else cell.ljust(width)
            for cell, width, column in zip(row, widths, block.columns, strict=True)
        ]
        mark = ""
        if block.marked:
            mark = "* " if number - 1 == block.current and number else "  "
        lines.append((mark + "  ".join(parts)).rstrip())
    return "\n".join(lines)


def _signs(block: Signs) -> str:
    lines: list[str] = []
    for sign, name, about in block.items:
        head = f"{sign} {printable(name)}  "
        # A long line goes on below its beginning, so that the names stay a column one can run down.
        lines += textwrap.wrap(
            head + line_text(about),
            WIDTH,
            subsequent_indent=" " * min(len(head), 24),
            break_long_words=False,
            break_on_hyphens=False,
            drop_whitespace=True,
        ) or [head.rstrip()]
    return "\n".join(lines)
