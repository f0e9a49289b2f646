"""The few blocks every answer is made of. They hold plain, possibly hostile, text and never markup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Style = Literal["plain", "bold", "note", "code", "arrow", "dot", "gap"]


@dataclass(frozen=True)
class Span:
    """A piece of a line."""

    text: str
    style: Style = "plain"


Line = Sequence[Span | str]
"""Pieces of text; a bare string is plain."""

ARROW = Span(" -> ", "arrow")
DOT = Span(", ", "dot")
GAP = Span("  ", "gap")


def bold(text: str) -> Span:
    """Stands out."""
    return Span(text, "bold")


def note(text: str) -> Span:
    """Steps back."""
    return Span(text, "note")


def code(text: str) -> Span:
    """Something one could type."""
    return Span(text, "code")


def dotted(parts: Sequence[str | Span]) -> list[Span | str]:
    """Parts with a dot (in text: a comma) between them."""
    line: list[Span | str] = []
    for part in parts:
        if line:
            line.append(DOT)
        line.append(part)
    return line


@dataclass(frozen=True)
class Heading:
    """The first line of an answer."""

    line: Line


@dataclass(frozen=True)
class Text:
    """A line of its own; `quiet` for notes below."""

    line: Line
    quiet: bool = False


@dataclass(frozen=True)
class Facts:
    """Labels with what they say."""

    rows: Sequence[tuple[str, Line]]


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    title: str
    right: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of cells. `current` is the index of the row that is "here"."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Line | str]]
    current: int | None = None
    marked: bool = False
    """Whether the text form leaves a first column for the mark of the current row."""


Sign = Literal["+", "-", "~", "!"]


@dataclass(frozen=True)
class Signs:
    """Changes, each behind a framed sign: + added, - deleted, ~ changed, ! conflict."""

    items: Sequence[tuple[Sign, str, Line]]
    """Sign, which document, what about it."""


@dataclass(frozen=True)
class Preformatted:
    """Text whose columns matter."""

    text: str


Block = Heading | Text | Facts | Table | Signs | Preformatted
