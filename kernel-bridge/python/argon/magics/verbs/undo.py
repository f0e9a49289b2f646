"""Taking changes back, by cell, by LSN or by actor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...client import Branch
from ...errors import ArgonError
from ...protocol import CellActivity
from ...view import Shown
from .. import kinds
from ..settle import add_plan_options, preview_or_settle

if TYPE_CHECKING:
    from ..context import Context
    from ..grammar import Verbs

LAST = "last"

DESCRIPTION = """Takes changes back by adding their opposite; history stays. Without a choice: the last cell whose writes still stand.

A document that was changed again later is a conflict, and is never overwritten unasked.
"""


def configure(add: Verbs) -> None:
    """Adds the verb."""
    parser = add.add("undo", undo, "take back what a cell, a range of LSNs or a person wrote", DESCRIPTION)
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--cell", nargs="?", const=LAST, metavar="N", help="cell [N], or the last one that wrote"
    )
    which.add_argument("--lsn", type=kinds.lsn_range, metavar="A..B", help="changes A to B, both included")
    which.add_argument("--actor", metavar="NAME", help="everything this person wrote")
    parser.add_argument("--branch", metavar="NAME", help="default: the checkout")
    add_plan_options(
        parser, "where changed later: keep what is there", "where changed later: go back all the same"
    )


def undo(context: Context) -> Shown:
    """`%argon undo`"""
    args = context.args
    branch = context.branch(args.branch)
    if args.lsn is not None:
        what: dict[str, Any] = {"lsn": args.lsn}
    elif args.actor is not None:
        what = {"actor": args.actor}
    else:
        what = _cell(context, branch, args.cell or LAST)
    found = branch.undo(**what)
    return preview_or_settle(context, found)


def _cell(context: Context, branch: Branch, which: str) -> dict[str, Any]:
    """The cell that is meant. The bridge knows which LSNs its newest execution wrote."""
    wrote = [activity for activity in context.session.cells() if _wrote(activity, branch)]
    if which == LAST:
        standing = (activity for activity in wrote if _stands(activity, branch))
        # Where all was taken back already, the newest says so.
        chosen = next(standing, wrote[0] if wrote else None)
    else:
        number = which.strip("[]")
        chosen = next(
            (one for one in wrote if str(one.get("cellNumber")) == number or one["cell"] == which), None
        )
    if chosen is not None:
        selector: dict[str, Any] = {"cell": chosen["cell"]}
        if "cellNumber" in chosen:
            selector["cell_number"] = chosen["cellNumber"]
        return selector
    if which != LAST and which.strip("[]").isdigit():
        # The bridge was restarted and forgot the cells; the log has not.
        return {"cell_number": int(which.strip("[]"))}
    text = "no cell of this session has written" if which == LAST else f"cell {which} has not written"
    raise ArgonError(
        "NOTHING_TO_DO",
        f"{text} on {branch.name}",
        next=["%argon cells", "%argon log", "%argon undo --lsn A..B"],
    )


def _stands(activity: CellActivity, branch: Branch) -> bool:
    return any(write["branch"] == branch.name and "fate" not in write for write in activity["writes"])


def _wrote(activity: CellActivity, branch: Branch) -> bool:
    place = (branch.project, branch.name)
    return any((write.get("project", place[0]), write["branch"]) == place for write in activity["writes"])
