"""Branches and pins."""

from __future__ import annotations

from collections.abc import Sequence

from ... import protocol
from ..blocks import DOT, GAP, Block, Column, Heading, Line, Span, Table, Text, bold, note
from ..shown import Shown
from ..words import age, count, number, remaining


def branch_list(
    page: protocol.BranchListResult, pins: Sequence[protocol.Pin], current: str | None, default: str
) -> Shown:
    """`%argon branch list`"""
    branches = page["branches"]
    rows: list[list[Line | str]] = []
    for branch in branches:
        main = branch["isDefault"]
        rows.append(
            [
                branch["name"],
                str(branch["head"]),
                "" if main else number(branch["ahead"]),
                "" if main else number(branch["behind"]),
                age(branch["headAt"]) if branch["head"] else "",
                ", ".join(_notes(branch, current)),
            ]
        )
    columns = [
        Column("branch"),
        Column("head", True),
        Column("ahead", True),
        Column(f"behind {default}", True),
        Column("last change", True),
        Column("note"),
    ]
    here = next((index for index, branch in enumerate(branches) if branch["name"] == current), None)
    foot: list[Span | str] = [count(page["total"], "branch", "branches")]
    if pins:
        named = ", ".join(f"{pin['name']} is {pin['ref']}" for pin in pins[:3])
        foot += [DOT, f"{count(len(pins), 'pin')}: {named}" + (" …" if len(pins) > 3 else "")]
    if page["total"] > len(branches):
        foot += [DOT, f"{number(len(branches))} shown"]
    data = {**page, "pins": [dict(pin) for pin in pins], "current": current}
    return Shown("branches", data, [Table(columns, rows, here, marked=True), Text(foot, quiet=True)])


def one_branch(branch: protocol.Branch, project: str, what: str, *, switched: bool = False) -> Shown:
    """A branch that was created, renamed or protected."""
    line: list[Span | str] = [bold(f"{project}/{branch['name']}@{branch['head']}"), GAP, note(what)]
    fork = branch.get("fork")
    blocks: list[Block] = [Heading(line)]
    facts: list[Span | str] = []
    if fork is not None:
        facts.append(f"fork {fork.get('branch') or 'timeline ' + str(fork['timeline'])}@{fork['lsn']}")
    if switched:
        facts += [DOT, "the session is here now"] if facts else ["the session is here now"]
    if branch.get("expiresAt"):
        facts += [DOT, f"lives for {remaining(branch['expiresAt'])}"]
    if facts:
        blocks.append(Text(facts, quiet=True))
    return Shown("branch", {**branch, "project": project}, blocks)


def deleted(result: protocol.BranchDeleteResult, project: str) -> Shown:
    """A branch that is gone."""
    lost = result["unmerged"]
    text = f"deleted; {count(lost, 'change')} had not been merged" if lost else "deleted"
    blocks: list[Block] = [
        Heading([bold(f"{project}/{result['name']}@{result['head']}"), GAP, note(text)]),
        Text(["states that a pin, a run or a fork holds stay readable"], quiet=True),
    ]
    return Shown("deleted", {**result, "project": project}, blocks)


def pin_list(pins: Sequence[protocol.Pin]) -> Shown:
    """`%argon pins`"""
    if not pins:
        return Shown(
            "pins", [], [Heading([bold("No pins yet")]), Text(["%argon pin NAME [REF]"], quiet=True)]
        )
    rows: list[list[Line | str]] = [
        [pin["name"], pin["ref"], pin["origin"]["actor"], age(pin["createdAt"])] for pin in pins
    ]
    columns = [Column("pin"), Column("state"), Column("by"), Column("when", True)]
    return Shown("pins", [dict(pin) for pin in pins], [Table(columns, rows)])


def one_pin(pin: protocol.Pin, project: str) -> Shown:
    """A pin that was made."""
    return Shown(
        "pin",
        {**pin, "project": project},
        [
            Heading(
                [bold(f"pin:{pin['name']}"), " is ", f"{project}/{pin['ref']}", GAP, note("kept for ever")]
            )
        ],
    )


def _notes(branch: protocol.Branch, current: str | None) -> list[str]:
    notes = []
    if branch["name"] == current:
        notes.append("session")
    if branch["isProtected"]:
        checks = branch.get("checks")
        notes.append(f"protected, wants {', '.join(checks)}" if checks else "protected")
    if branch.get("backupOf"):
        notes.append(f"backup of {branch['backupOf']}")
    if branch.get("expiresAt"):
        notes.append(f"TTL {remaining(branch['expiresAt'])}")
    if branch.get("mergedAt") is not None:
        notes.append(f"merged at {branch['mergedAt']}")
    return notes
