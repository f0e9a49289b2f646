"""Diffs, and what a sandbox or a reset would leave."""

from __future__ import annotations

import itertools
from asyncio import CancelledError
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ... import protocol
from ...client import Diff
from ..blocks import (
    ARROW,
    DOT,
    GAP,
    Block,
    Column,
    Heading,
    Line,
    Sign,
    Signs,
    Table,
    Text,
    bold,
    code,
    note,
)
from ..shown import Shown
from ..values import document_name, field_changes
from ..words import age, count, number, undone_text

if TYPE_CHECKING:
    from ...session.switch import Sandbox, Visit

DOCUMENTS_SHOWN = 10

_SIGN_OF: dict[str, Sign] = {"insert": "+", "update": "~", "delete": "-"}


def diff(found: Diff, total: int, limit: int = DOCUMENTS_SHOWN) -> Shown:
    """`%argon diff`. `total` is the number of documents of the newer state."""
    page = found.first_page
    first, last = page["from"]["ref"], page["to"]["ref"]
    documents = list(itertools.islice(found, limit))
    data: dict[str, Any] = {**page, "documents": documents, "count": found.count}
    if not found:
        return Shown(
            "diff",
            data,
            [Heading([bold("No difference"), GAP, first, ARROW, last, " hold the same documents"])],
        )
    title = f"{number(found.count)} of {count(total, 'document')} differ"
    blocks: list[Block] = [Heading([bold(title), GAP, note(first), ARROW, note(last)])]
    blocks += summary_table(found.summary)
    blocks += catalog_lines(found.catalog)
    blocks.append(document_signs(documents))
    if found.count > len(documents):
        blocks.append(
            Text(
                [
                    f"{len(documents)} of {number(found.count)} shown",
                    DOT,
                    code(f"--limit {found.count}"),
                    " shows all",
                ],
                True,
            )
        )
    return Shown("diff", data, blocks)


def summary_table(summary: Sequence[protocol.DiffSummary]) -> list[Block]:
    """Counts for each collection."""
    if not summary:
        return []
    columns = [Column("collection"), Column("added", True), Column("changed", True), Column("deleted", True)]
    rows: list[list[Line | str]] = [
        [part["collection"], number(part["added"]), number(part["changed"]), number(part["deleted"])]
        for part in summary
    ]
    return [Table(columns, rows)]


def catalog_lines(catalog: Sequence[protocol.CatalogChange]) -> list[Block]:
    """Collections and indexes that came, went or changed."""
    return [Text([catalog_text(change)]) for change in catalog]


def catalog_text(change: protocol.CatalogChange) -> str:
    """`collection islands created`, `index species_1 on penguins`"""
    if change.get("index"):
        verb = {"indexed": "created", "unindexed": "dropped"}.get(change["op"], change["op"])
        return f"index {change['index']} on {change['collection']} {verb}"
    return f"collection {change['collection']} {change['op']}"


def document_signs(documents: Iterable[protocol.DocumentDiff]) -> Signs:
    """Documents, each behind its sign."""
    items: list[tuple[Sign, str, Line]] = []
    for document in documents:
        name = document_name(document["collection"], document["id"])
        about: Line = field_changes(document["fields"])
        if document["op"] == "delete":
            about = ["deleted"]
        elif document["op"] == "insert":
            about = ["added"]
        items.append((_SIGN_OF[document["op"]], name, about))
    return Signs(items)


def sandbox(box: Sandbox, head: str | None) -> Shown:
    """After `%%argon sandbox`. `head` is what is checked out again, when it is."""
    changed, documents, lines = _changes_of(box.diff)
    blocks: list[Block] = [Heading([bold(sandbox_title(box))]), *lines]
    if box.left is not None:
        blocks += [
            Text([f"The branch {box.branch} is still there, and goes by itself after a day: {box.left}"]),
            Text(["where this kernel is: ", code("%argon")], quiet=True),
        ]
    elif box.error is not None:
        blocks.append(Text([f"{head} is as it was"], quiet=True))
    elif not box.kept:
        blocks.append(
            Text(
                [f"{head} is as it was", DOT, "to keep it: ", code("%%argon sandbox --keep NAME")], quiet=True
            )
        )
    return Shown("sandbox", {**box.to_json(), "count": changed, "documents": documents}, blocks)


def sandbox_title(box: Sandbox) -> str:
    """What was changed in a sandbox, and what became of that: in one line."""
    if box.left is not None:
        return f"Sandbox of {box.base}: it could not be discarded"
    if box.error is None:
        fate = f"kept as {box.kept}" if box.kept else "then discarded"
    else:
        fate = f"discarded {_because(box.error)}"
    return f"Sandbox of {box.base}: {_changed(box.diff, box.error)}, {fate}"


def visit(seen: Visit) -> Shown:
    """After `%%argon branch NAME`."""
    changed, documents, lines = _changes_of(seen.diff)
    made = f", made from {seen.made_from}" if seen.made_from is not None else ""
    title = f"On {seen.branch}{made}: {_changed(seen.diff, seen.error)}"
    if seen.error is not None:
        before = "it was interrupted" if _is_interrupt(seen.error) else type(seen.error).__name__
        title += f" before {before}; what was written stays there"
    blocks: list[Block] = [Heading([bold(title)]), *lines]
    if changed and seen.error is None:
        blocks.append(Text(["to bring it here: ", code(f"%argon merge {seen.branch}")], quiet=True))
    return Shown("visit", {**seen.to_json(), "count": changed, "documents": documents}, blocks)


def _changed(found: Diff | None, error: BaseException | None) -> str:
    if found is None and error is not None:
        return "what it changed could not be counted in time"
    return f"{count(0 if found is None else found.count, 'document')} changed"


def _because(error: BaseException) -> str:
    return (
        "because the cell was interrupted" if _is_interrupt(error) else f"because of {type(error).__name__}"
    )


def _is_interrupt(error: BaseException) -> bool:
    # A kernel interrupts a cell that awaits by cancelling it.
    return isinstance(error, (KeyboardInterrupt, CancelledError))


def _changes_of(found: Diff | None) -> tuple[int, list[protocol.DocumentDiff], list[Block]]:
    """What a cell changed: how many documents, the first of them, and how they are shown."""
    if found is None:
        return 0, [], []
    documents = list(itertools.islice(found, DOCUMENTS_SHOWN))
    lines: list[Block] = [*catalog_lines(found.catalog), document_signs(documents)]
    if found.count > len(documents):
        lines.append(Text([f"{len(documents)} of {number(found.count)} shown"], quiet=True))
    return found.count, documents, lines


def restore_preview(preview: protocol.RestorePreviewResult, limit: int = DOCUMENTS_SHOWN) -> Shown:
    """`%argon restore preview`"""
    changes = preview["changes"]
    first, last = preview["from"]["ref"], preview["to"]["ref"]
    summary = preview["diff"]["summary"]
    differ = sum(part["added"] + part["changed"] + part["deleted"] for part in summary)
    title = (
        f"A reset would discard {count(changes, 'change')}" if changes else "A reset would discard nothing"
    )
    blocks: list[Block] = [
        Heading([bold(title), GAP, note(first), ARROW, note(last)]),
        *summary_table(summary),
        *catalog_lines(preview["diff"]["catalog"]),
        document_signs(preview["diff"]["documents"][:limit]),
    ]
    shown = min(limit, len(preview["diff"]["documents"]))
    if differ > shown:
        blocks.append(Text([f"{shown} of {count(differ, 'document')} shown"], quiet=True))
    blocks += [
        Text([entry_text(entry), f", {age(entry['lastAt'])}"], quiet=True)
        for entry in preview["discarded"][:5]
    ]
    blocks.append(
        Text(
            ["the discarded line would stay as ", code(preview["backup"]), DOT, "nothing has been written"],
            quiet=True,
        )
    )
    return Shown("restore", dict(preview), blocks)


def restored(result: protocol.RestoreApplyResult, project: str) -> Shown:
    """After `%argon restore apply`."""
    branch = result["branch"]
    return Shown(
        "restored",
        {**result, "project": project},
        [
            Heading([bold(f"{project}/{branch['name']}@{branch['head']}"), GAP, note("restored")]),
            Text(["what was discarded stays as ", code(result["backup"])], quiet=True),
            Text(["to have it back: ", code(f"%argon restore apply {result['backup']}")], quiet=True),
        ],
    )


def entry_text(entry: protocol.Entry) -> str:
    """What a run of changes did: `344 inserts into penguins`, `merge of clean@1204`."""
    merge, undo = entry.get("merge"), entry.get("undo")
    counts = [
        count(entry["inserts"], "insert") if entry["inserts"] else "",
        count(entry["updates"], "update") if entry["updates"] else "",
        count(entry["deletes"], "delete") if entry["deletes"] else "",
    ]
    what = ", ".join(part for part in counts if part)
    if entry["collections"]:
        names = entry["collections"][:3]
        what += " in " + ", ".join(names) + (" …" if len(entry["collections"]) > 3 else "") if what else ""
    if entry["catalog"]:
        shown = "; ".join(catalog_text(change) for change in entry["catalog"][:3])
        what = f"{shown}; {what}" if what else shown
    if merge is not None:
        return f"merge of {merge['source']}@{merge['sourceLsn']}: {what}"
    if undo is not None:
        return f"undo of {undone_text(undo['what'])}: {what}"
    if (pick := entry.get("pick")) is not None:
        return f"pick from {pick['what']}: {what}"
    if (restore := entry.get("restore")) is not None:
        return f"restore of {restore['what']}: {what}"
    return f"import: {what}" if entry["kind"] == "import" else what
