"""Where the session is, and how the bridge is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import protocol
from ..blocks import DOT, GAP, Block, Facts, Heading, Line, Span, Text, bold, code, dotted, note
from ..shown import Shown
from ..words import age, count, duration, number, size


def place(
    session: protocol.Session,
    state: protocol.State,
    branch: protocol.Branch | None,
    default: str,
    bridge: str,
) -> Shown:
    """`%argon`: project, branch, LSN, ahead and behind, database, bridge."""
    title = f"{session['project']}/{state['ref']}"
    kind = "writable, the head" if session["writable"] else "read-only, a past state"
    facts: list[tuple[str, Line]] = []
    if branch is not None and not branch["isDefault"]:
        facts.append((f"against {default}", ahead_behind(branch)))
    database = session.get("database", state["database"])
    facts.append(("database", [code("argon.db()"), " is ", code(database)]))
    if session.get("notebook"):
        facts.append(("notebook", [session["notebook"]]))
    facts.append(("bridge", [bridge]))
    data = {
        **session,
        "lsn": state["lsn"],
        "time": state["time"],
        "timeline": state["timeline"],
        "defaultBranch": default,
        "fork": None if branch is None else branch.get("fork"),
        "bridge": bridge,
    }
    when = age(state["time"]) if state["lsn"] else "nothing written yet"
    blocks: list[Block] = [Heading([bold(title), GAP, note(f"{kind}, {when}")]), Facts(facts)]
    return Shown("place", data, blocks)


def nowhere(session: protocol.Session, projects: Sequence[protocol.Project], bridge: str) -> Shown:
    """`%argon` before a project is open."""
    blocks: list[Block] = [
        Heading([bold("No project is open"), GAP, note(bridge)]),
        Text([code("%argon init NAME"), " creates one, ", code("%argon use NAME"), " opens one"]),
    ]
    if projects:
        blocks.append(
            Text(["projects: ", *dotted([project["name"] for project in projects[:20]])], quiet=True)
        )
    return Shown("place", {**session, "bridge": bridge}, blocks)


def moved(session: protocol.Session, verb: str) -> Shown:
    """After a checkout."""
    title = f"{session.get('project')}/{full_ref(session)}"
    kind = "writable" if session["writable"] else "read-only, a past state"
    return Shown("place", dict(session), [Heading([f"{verb} ", bold(title), GAP, note(kind)])])


def full_ref(session: protocol.Session) -> str:
    """`clean-nulls@1204`, also when only the branch is checked out."""
    ref = session.get("ref") or session.get("branch") or ""
    if "@" in ref or ref.startswith(("pin:", "run:")) or "lsn" not in session:
        return ref
    return f"{ref}@{session['lsn']}"


def ahead_behind(branch: protocol.Branch) -> Line:
    """`12 ahead · 3 behind, fork main@949`"""
    line: list[str | Span] = [f"{number(branch['ahead'])} ahead", DOT, f"{number(branch['behind'])} behind"]
    fork = branch.get("fork")
    if fork is not None:
        line.append(f", fork {fork.get('branch') or 'timeline ' + str(fork['timeline'])}@{fork['lsn']}")
    return line


def bridge_status(status: protocol.StatusResult, hello: protocol.HelloResult) -> Shown:
    """`%argon status`"""
    failed = status.get("failed")
    title = "The bridge takes no writes" if failed else "The bridge is well"
    rows: list[tuple[str, Line]] = []
    if failed:
        rows.append(("failed", [failed]))
    rows += [
        ("version", [hello["server"]["version"], f", protocol {hello['server']['protocol']}"]),
        ("directory", [code(hello["dataDirectory"])]),
        (
            "holds",
            dotted([count(status["projects"], "project"), count(status["branches"], "branch", "branches")]),
        ),
        ("log", [size(status["logBytes"]), ", state ", size(status["stateBytes"])]),
        ("waiting", [count(status["pendingRecords"], "record"), " to be applied to the state"]),
        ("connections", [f"{status['connections']} control, {status['wireConnections']} MongoDB"]),
        (
            "process",
            [f"pid {hello['pid']}, {size(status['memoryBytes'])}, up {duration(status['uptimeSeconds'])}"],
        ),
    ]
    data: dict[str, Any] = {**status, "hello": dict(hello)}
    return Shown("status", data, [Heading([bold(title)]), Facts(rows)])


def projects_list(projects: Sequence[protocol.Project], current: str | None) -> Shown:
    """`%argon projects`"""
    from ..blocks import Column, Table

    rows: list[list[Line | str]] = [
        [project["name"], str(project["head"]), project["defaultBranch"], age(project["createdAt"])]
        for project in projects
    ]
    here = next((index for index, project in enumerate(projects) if project["name"] == current), None)
    columns = [Column("project"), Column("head", True), Column("default branch"), Column("created", True)]
    blocks: list[Block] = (
        [Table(columns, rows, here, marked=True)] if rows else [Heading([bold("No projects yet")])]
    )
    return Shown("projects", [dict(project) for project in projects], blocks)
