"""Resetting a branch to an earlier state, always with a look first at what would be lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import ArgonError
from ...view import Shown
from ...view.kinds import difference
from .. import kinds
from ..settle import add_plan_options, preview_or_settle
from .history import document_id

if TYPE_CHECKING:
    from ..context import Context
    from ..grammar import Verbs


PLAN_DESCRIPTION = """Gives documents back what they were in a state, as a change like any other: it can be undone, and
the state before stays under a backup name.

  restore plan main@949 --preview                          what the whole branch would get back
  restore plan main@949 --collection penguins              one collection, with its indexes
  restore plan main@949 --collection penguins --id N1A1    one document
"""


def configure(add: Verbs) -> None:
    """Adds the verb."""
    from ..grammar import Verbs as More

    parser = add.add(
        "restore", None, "reset a branch to an earlier state; the rest stays under a backup name"
    )
    more = More(parser.add_subparsers(metavar="preview|apply|plan", required=True), "%argon restore")
    for name, run, help in (
        ("preview", preview, "show what a reset would discard"),
        ("apply", apply, "reset the branch; what is discarded stays under a backup name"),
    ):
        part = more.add(name, run, help)
        part.add_argument("ref", metavar="REF", help="the state to go back to")
        part.add_argument("--branch", metavar="NAME", help="default: the checkout")
        if name == "preview":
            part.add_argument("--limit", type=kinds.positive, default=difference.DOCUMENTS_SHOWN, metavar="N")

    part = more.add(
        "plan",
        plan,
        "give a branch, a collection or documents back what they were, by a plan",
        PLAN_DESCRIPTION,
    )
    part.add_argument("ref", metavar="REF", help="the state to go back to")
    part.add_argument("--collection", metavar="NAME", help="only this one")
    part.add_argument(
        "--id", dest="ids", action="append", metavar="ID", help="only this document of it; repeatable"
    )
    part.add_argument("--branch", metavar="NAME", help="default: the checkout")
    add_plan_options(part, "keep what the branch has", "take what was")


def preview(context: Context) -> Shown:
    """`%argon restore preview REF`"""
    branch = context.branch(context.args.branch)
    return difference.restore_preview(
        branch.restore_preview(context.args.ref, limit=context.args.limit), context.args.limit
    )


def apply(context: Context) -> Shown:
    """`%argon restore apply REF`"""
    branch = context.branch(context.args.branch)
    if branch.info["isProtected"]:
        raise ArgonError(
            "BRANCH_PROTECTED",
            f"{branch.project}/{branch.name} is protected and is not reset",
            next=[f"%argon branch protect {branch.name} --off"],
        )
    return difference.restored(branch.restore(context.args.ref), branch.project)


def plan(context: Context) -> Shown:
    """`%argon restore plan REF`"""
    args = context.args
    branch = context.branch(args.branch)
    ids = None if args.ids is None else [document_id(id) for id in args.ids]
    found = branch.restore_plan(args.ref, collection=args.collection, ids=ids)
    return preview_or_settle(context, found)
