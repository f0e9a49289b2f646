"""Cells: what they did, and running one somewhere else."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from ...session import switch
from ...view import Shown
from ...view.kinds import difference, story
from ...view.kinds import stale as view
from .. import kinds
from ..body import run_within

if TYPE_CHECKING:
    from ..context import Context
    from ..grammar import Verbs


STALE_DESCRIPTION = """Cells that read the head of a branch and whose data has changed since, with the first change.

What a cell wrote itself makes it not stale, nor does a past state that it read. A collection that holds again what it
held is the same, whatever happened in between. A change counts only when it can match the filter of a read: a cell that
asked for some documents is not stale by others. The newest execution of each cell counts.
"""

PLAN_DESCRIPTION = """The stale cells, and those that read what one of these wrote, each behind the cells whose data it needs.
"""

BRANCH_DESCRIPTION = """Runs this cell on a branch, shows what the cell changed there, and goes back to what was checked out.

A branch that does not exist is made, so that the cell can be run again. What the cell wrote stays on the branch, after
an error too.
"""


def configure(add: Verbs) -> None:
    """Adds the line verb."""
    parser = add.add("cells", cells, "what the cells of this notebook read and wrote")
    parser.add_argument("--limit", type=kinds.positive, default=20, metavar="N")
    add.add("stale", stale, "cells whose data has changed since they read it", STALE_DESCRIPTION)
    add.add("rerun-plan", rerun_plan, "which cells to run again, and in which order", PLAN_DESCRIPTION)


def stale(context: Context) -> Shown:
    """`%argon stale`"""
    return view.stale(context.session.stale()["stale"])


def rerun_plan(context: Context) -> Shown:
    """`%argon rerun-plan`"""
    return view.rerun_plan(context.session.stale()["plan"])


def configure_cell(add: Verbs) -> None:
    """Adds the cell verbs."""
    parser = add.add("at", at, "run this cell against a state")
    parser.add_argument("ref", metavar="REF")
    parser = add.add(
        "branch", branch, "run this cell on a branch, which is made when there is none", BRANCH_DESCRIPTION
    )
    parser.add_argument("branch", metavar="NAME")
    parser.add_argument(
        "--from",
        dest="ref",
        metavar="REF",
        help="where it begins if it is made; default: what is checked out",
    )
    parser.add_argument(
        "--ttl", type=kinds.duration, metavar="1d", help="if it is made: delete it by itself after this time"
    )
    parser = add.add(
        "sandbox", sandbox, "run this cell on a throw-away branch, show what it changed, discard or keep"
    )
    parser.add_argument("--keep", metavar="NAME", help="keep the branch under this name")


def cells(context: Context) -> Shown:
    """`%argon cells`"""
    # Cells that only asked Argon something are no news, and do not count.
    seen = [one for one in context.session.cells() if one["reads"] or one["writes"] or one["runs"]]
    return story.cells(seen[: context.args.limit], len(seen))


def at(context: Context) -> Coroutine[Any, Any, None] | None:
    """`%%argon at REF`"""
    __tracebackhide__ = True
    session, ref = context.session, context.args.ref
    _ = session.project_name
    return run_within(context.shell, context.cell or "", lambda: switch.at(session, ref))


def branch(context: Context) -> Coroutine[Any, Any, None] | None:
    """`%%argon branch NAME`"""
    __tracebackhide__ = True
    session, args = context.session, context.args
    return run_within(
        context.shell,
        context.cell or "",
        lambda: switch.on(session, args.branch, from_=args.ref, ttl_seconds=args.ttl),
        lambda visit: context.show(difference.visit(visit)),
    )


def sandbox(context: Context) -> Coroutine[Any, Any, None] | None:
    """`%%argon sandbox`"""
    __tracebackhide__ = True
    session, keep = context.session, context.args.keep
    return run_within(
        context.shell,
        context.cell or "",
        lambda: switch.sandbox(session, keep),
        lambda box: context.show(difference.sandbox(box, None if box.left else session.ref)),
    )
