"""Blocks as HTML for a notebook. Every text is escaped; colours are JupyterLab's own; nothing runs."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ..errors import printable
from .blocks import Block, Facts, Heading, Line, Preformatted, Sign, Signs, Span, Table, Text

_ROOT = "font-family:var(--jp-ui-font-family);font-size:var(--jp-ui-font-size1,13px);color:var(--jp-ui-font-color1);line-height:1.5"
_TABLE = "border-collapse:collapse;margin:2px 0 6px;table-layout:auto;font-size:12px;font-variant-numeric:tabular-nums"
_ROW = "background:none"
_EDGE = "border:none;border-bottom:1px solid var(--jp-border-color2)"
_NOTE = "color:var(--jp-ui-font-color2)"
_CODE = "font-family:var(--jp-code-font-family);font-size:12px;background:none;padding:0"
_QUIET_CODE = (
    "font-family:var(--jp-code-font-family);font-size:inherit;color:inherit;background:none;padding:0"
)
_QUIET = "font-size:11px;color:var(--jp-ui-font-color2)"

_SIGNS: dict[Sign, tuple[str, str, str]] = {
    "+": ("+", "added", "var(--jp-success-color1)"),
    "-": ("−", "deleted", "var(--jp-error-color1)"),
    "~": ("~", "changed", "var(--jp-inverse-layout-color3)"),
    "!": ("!", "conflict", "var(--jp-warn-color0)"),
}


def html_of(blocks: Sequence[Block]) -> str:
    """The blocks in one element."""
    return f'<div style="{_ROOT}">{"".join(_block(block) for block in blocks)}</div>'


def _line(line: Line | str, *, quiet: bool = False) -> str:
    if isinstance(line, str):
        return escape(printable(line))
    return "".join(_span(part if isinstance(part, Span) else Span(part), quiet) for part in line)


def _span(span: Span, quiet: bool) -> str:
    text = escape(printable(span.text))
    if span.style == "arrow":
        return " → "
    if span.style == "dot":
        return " · "
    if span.style == "gap":
        return "&ensp;"
    if span.style == "bold":
        return f"<strong>{text}</strong>"
    if span.style == "note":
        return f'<span style="{_NOTE}">{text}</span>'
    if span.style == "code":
        return f'<code style="{_QUIET_CODE if quiet else _CODE}">{text}</code>'
    return text


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"<div>{_line(block.line)}</div>"
    if isinstance(block, Text):
        style = f' style="{_QUIET}"' if block.quiet else ""
        return f"<div{style}>{_line(block.line, quiet=block.quiet)}</div>"
    if isinstance(block, Facts):
        rows = "".join(
            f'<tr style="{_ROW}"><td style="{_EDGE};{_NOTE};text-align:left;padding:2px 16px 2px 0">{escape(printable(label))}</td>'
            f'<td style="{_EDGE};text-align:left;padding:2px 0">{_line(line)}</td></tr>'
            for label, line in block.rows
        )
        return f'<table style="{_TABLE}"><tbody>{rows}</tbody></table>'
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Signs):
        return _signs(block)
    assert isinstance(block, Preformatted)
    text = "\n".join(printable(line) for line in block.text.splitlines())
    return f'<pre style="{_CODE};margin:2px 0">{escape(text)}</pre>'


def _table(block: Table) -> str:
    def cell(tag: str, column: int, inner: str, weight: int) -> str:
        align = "right" if block.columns[column].right else "left"
        style = f"{_EDGE};text-align:{align};padding:2px 12px 2px 0;font-weight:{weight}"
        scope = ' scope="col"' if tag == "th" else ""
        return f'<{tag}{scope} style="{style}">{inner}</{tag}>'

    head = "".join(
        cell("th", index, escape(printable(column.title)), 600) for index, column in enumerate(block.columns)
    )
    body = ""
    for number, row in enumerate(block.rows):
        cells = "".join(
            cell("td", index, _line(value), 600 if number == block.current and index == 0 else 400)
            for index, value in enumerate(row)
        )
        body += f'<tr style="{_ROW}">{cells}</tr>'
    return (
        f'<table style="{_TABLE}"><thead><tr style="{_ROW}">{head}</tr></thead><tbody>{body}</tbody></table>'
    )


def _signs(block: Signs) -> str:
    rows = ""
    for sign, name, about in block.items:
        shape, word, colour = _SIGNS[sign]
        mark = (
            f'<span role="img" aria-label="{word}" title="{word}" style="display:inline-block;width:12px;height:12px;'
            f"line-height:11px;text-align:center;font-size:11px;border:1px solid {colour};border-radius:2px;"
            f'color:{colour}">{shape}</span>'
        )
        rows += (
            f'<tr style="{_ROW}"><td style="{_EDGE};padding:2px 6px 2px 0">{mark}</td>'
            f'<td style="{_EDGE};text-align:left;padding:2px 12px 2px 0"><code style="{_CODE}">'
            f'{escape(printable(name))}</code></td><td style="{_EDGE};text-align:left;padding:2px 0">{_line(about)}</td></tr>'
        )
    return f'<table style="{_TABLE}"><tbody>{rows}</tbody></table>' if rows else ""
