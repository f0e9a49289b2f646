"""Doing on a branch what some changes did elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import ArgonError
from ...view import Shown
from .. import kinds
from ..settle import add_plan_options, preview_or_settle

if TYPE_CHECKING:
    from ..context import Context
    from ..grammar import Verbs

DESCRIPTION = """Does on a branch what some changes did in another state, field by field, and nothing else of it.

  pick SRC --lsn 812                     one change of SRC
  pick SRC --lsn 800..900 --into DST     a range of them
  pick SRC --cell 7 --preview            what cell [7] of this session wrote there; shows the plan, writes nothing

A field that is not what it was before the picked change is a conflict, and is never overwritten unasked.
"""


def configure(add: Verbs) -> None:
    """Adds the verb."""
    parser = add.add("pick", pick, "do here what some changes did on another branch", DESCRIPTION)
    parser.add_argument("ref", metavar="SRC", help="the state whose history has the changes")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--lsn", type=kinds.lsn_range, metavar="A..B", help="changes A to B, both included")
    which.add_argument("--cell", metavar="N", help="what cell [N] wrote, or the cell with this id")
    which.add_argument("--actor", metavar="NAME", help="everything this person wrote")
    which.add_argument("--txn", metavar="ID", help="a transaction")
    parser.add_argument("--into", metavar="DST", help="the branch that changes; default: the checkout")
    add_plan_options(parser, "keep what DST has", "take what SRC got")


def pick(context: Context) -> Shown:
    """`%argon pick SRC`"""
    args = context.args
    branch = context.branch(args.into)
    try:
        found = branch.pick(args.ref, **_what(args))
    except ArgonError as error:
        if error.code == "NOTHING_TO_DO" and not error.next:
            error.next = [f"%argon log {args.ref}"]
        raise
    return preview_or_settle(context, found)


def _what(args: Any) -> dict[str, Any]:
    if args.lsn is not None:
        return {"lsn": args.lsn}
    if args.actor is not None:
        return {"actor": args.actor}
    if args.txn is not None:
        return {"txn": args.txn}
    number = args.cell.strip("[]")
    return {"cell_number": int(number)} if number.isdigit() else {"cell": args.cell}
