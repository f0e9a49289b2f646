"""Plans: what a merge, a pick, an undo or a restore would do, and which conflicts it has."""

from __future__ import annotations

import itertools

from ... import protocol
from ...client import Plan
from ..blocks import (
    ARROW,
    DOT,
    GAP,
    Block,
    Column,
    Facts,
    Heading,
    Line,
    Sign,
    Signs,
    Span,
    Table,
    Text,
    bold,
    code,
    note,
)
from ..shown import Shown
from ..values import document_name, extended_text, id_text, path_text, value_text
from ..words import age, count, lsn_range, number, undone_text

CONFLICTS_SHOWN = 20

_UNDONE_BEFORE = "taken back before, or changed to what it had been; nothing was written"

_CLEANLY = {
    "merge": ("merges cleanly", "merge cleanly"),
    "pick": ("comes over cleanly", "come over cleanly"),
    "undo": ("goes back cleanly", "go back cleanly"),
    "restore": ("goes back cleanly", "go back cleanly"),
}


def plan(found: Plan, limit: int = CONFLICTS_SHOWN) -> Shown:
    """A plan before it is applied."""
    info = found.info
    conflicts = list(itertools.islice(found.conflicts(), limit))
    open_count = info["unanswered"]
    blocks: list[Block] = [
        Heading([bold(f"Plan {info['id']}: {_title(info, conflicts)}")]),
        Text([note(_between(info))]),
        *_table(info),
        conflict_signs(conflicts, info),
        *_checks(info),
    ]
    if info["conflicts"] > len(conflicts):
        blocks.append(Text([f"{len(conflicts)} of {count(info['conflicts'], 'conflict')} shown"], quiet=True))
    foot: list[Span | str] = ["Nothing has been written."]
    if open_count:
        name = (
            _answer_name(next((one for one in conflicts if "answer" not in one), conflicts[0]))
            if conflicts
            else "1"
        )
        foot += [
            " Answer with ",
            code(f"%argon merge answer {info['id']} {name} ours|theirs|--value JSON"),
            DOT,
            "all at once with ",
            code(f"%argon merge apply {info['id']} --ours|--theirs"),
        ]
    else:
        foot += [" ", code(f"%argon merge apply {info['id']}"), " does it."]
    blocks.append(Text(foot, quiet=True))
    return Shown("plan", {**info, "conflictList": conflicts}, blocks)


def applied(found: Plan) -> Shown:
    """A plan after it was applied."""
    info = found.info
    span = info.get("appliedAs")
    lsns = "" if span is None else f" as {lsn_range(span['firstLsn'], span['lastLsn'])}"
    changed = sum(part["added"] + part["changed"] + part["deleted"] for part in info["summary"])
    if info["kind"] == "undo" and span is None and not info["conflicts"]:
        left = Heading([bold(f"Nothing is left of {undone_text(info['source'])}"), GAP, note(_UNDONE_BEFORE)])
        return Shown("applied", dict(info), [left])
    blocks: list[Block] = [
        Heading([*_done(info), GAP, note(f"{count(changed, 'document')}{lsns}, plan {info['id']}")]),
        *_table(info),
    ]
    if "backup" in info:
        blocks.append(Text([f"what was there before stays as {info['backup']}"], quiet=True))
    return Shown("applied", dict(info), blocks)


def _done(info: protocol.Plan) -> list[Span | str]:
    source = undone_text(info["source"])
    if info["kind"] == "restore":
        return [bold(f"Restored {info['into']}"), " to ", bold(source)]
    if info["kind"] == "undo":
        return [bold(f"Undone {source}"), " on ", bold(info["into"])]
    return [
        bold(f"{'Merged' if info['kind'] == 'merge' else 'Picked'} {source}"),
        " into ",
        bold(info["into"]),
    ]


def conflict_signs(conflicts: list[protocol.Conflict], info: protocol.Plan) -> Signs:
    """Conflicts by document and field path, with base, ours and theirs, or the answer given."""
    items: list[tuple[Sign, str, Line]] = []
    for conflict in conflicts:
        name = document_name(conflict["collection"], conflict["document"])
        items.append(("!" if "answer" not in conflict else "~", name, _about(conflict, info)))
    return Signs(items)


def _about(conflict: protocol.Conflict, info: protocol.Plan) -> Line:
    base, ours, theirs = conflict["base"], conflict["ours"], conflict["theirs"]
    here, there = info["into"], _side(info)
    line: list[Span | str]
    if not conflict["path"]:
        done_here = "deleted" if ours.get("missing") else "added" if base.get("missing") else "changed"
        done_there = "deleted" if theirs.get("missing") else "added" if base.get("missing") else "changed"
        line = [f"{done_there} on {there}, {done_here} on {here}"]
    else:
        line = [
            f"{path_text(conflict['path'])}: ",
            f"{value_text(base)}",
            ARROW,
            f"{value_text(ours)} on {here}",
            DOT,
            f"{value_text(theirs)} on {there}",
        ]
    answer = conflict.get("answer")
    if answer is not None:
        line += [DOT, bold(f"answer: {_answer_text(answer)}")]
    return line


def _answer_text(answer: protocol.Answer) -> str:
    if "take" in answer:
        return answer["take"]
    return "not there" if answer.get("missing") else extended_text(answer.get("value"))


def _answer_name(conflict: protocol.Conflict) -> str:
    """What one types to answer it."""
    name = document_name(conflict["collection"], conflict["document"])
    if conflict["path"]:
        name += f":{path_text(conflict['path'])}"
    return name if " " not in name else f'"{name}"'


def names_of(conflict: protocol.Conflict, number_of: int) -> set[str]:
    """Every way to name a conflict: its number, its id, its document, its document and path."""
    document = f"{conflict['collection']}/{id_text(conflict['document'])}"
    return {str(number_of), conflict["id"], document, f"{document}:{path_text(conflict['path'])}"}


def _side(info: protocol.Plan) -> str:
    if info["kind"] == "undo":
        return "before"
    return info["source"].split("@")[0].split(", ")[0] if info["kind"] != "restore" else info["source"]


def _title(info: protocol.Plan, conflicts: list[protocol.Conflict]) -> str:
    clean = sum(part["added"] + part["changed"] + part["deleted"] for part in info["summary"])
    total = clean
    if info["conflicts"]:
        # A document whose conflicts are answered stands among the changed ones already.
        waiting = {(one["collection"], repr(one["document"])) for one in conflicts if "answer" not in one}
        total += len(waiting) if len(conflicts) == info["conflicts"] else info["unanswered"]
    one, many = _CLEANLY[info["kind"]]
    if info["conflicts"] == 0:
        return f"{count(clean, 'document')} {one if clean == 1 else many}, no conflicts"
    answered = info["conflicts"] - info["unanswered"]
    text = f"{number(clean)} of {count(total, 'document')} {many}, {count(info['conflicts'], 'conflict')}"
    return f"{text}, {answered} answered" if answered else text


def _between(info: protocol.Plan) -> str:
    if info["kind"] == "merge":
        source = info["source"]
        if "@" not in source and "sourceLsn" in info:
            source += f"@{info['sourceLsn']}"
        return f"{source} into {info['into']}@{info['intoLsn']}, base {info['base']}"
    head = f"{info['into']}@{info['intoLsn']}"
    if info["kind"] == "restore":
        return f"restore of {head} to {info['source']}"
    source = undone_text(info["source"])
    return f"pick of {source} into {head}" if info["kind"] == "pick" else f"undo of {source} on {head}"


def _checks(info: protocol.Plan) -> list[Block]:
    """What checks said of the plan, newest result of each."""
    rows: list[tuple[str, Line]] = []
    for check in info.get("checks", ()):
        said: list[Span | str] = [bold("passed" if check["passed"] else "failed")]
        if "detail" in check:
            said += [DOT, check["detail"]]
        rows.append((f"check {check['name']}", [*said, note(f"  {check['by']}, {age(check['at'])}")]))
    return [Facts(rows)] if rows else []


def _table(info: protocol.Plan) -> list[Block]:
    if not info["summary"]:
        return []
    columns = [
        Column("collection"),
        Column("added", True),
        Column("changed", True),
        Column("deleted", True),
        Column("conflicts", True),
    ]
    rows: list[list[Line | str]] = [
        [part["collection"], *(number(value) for value in _counts(part))] for part in info["summary"]
    ]
    return [Table(columns, rows)]


def _counts(part: protocol.PlanSummary) -> tuple[int, int, int, int]:
    return part["added"], part["changed"], part["deleted"], part["conflicts"]
