"""Resetting a branch to an earlier state, always with a look first at what would be lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import ArgonError
from ...view import Shown
from ...view.kinds import difference
from .. import kinds

if TYPE_CHECKING:
    from ..context import Context
    from ..grammar import Verbs


def configure(add: Verbs) -> None:
    """Adds the verb."""
    from ..grammar import Verbs as More

    parser = add.add(
        "restore", None, "reset a branch to an earlier state; the rest stays under a backup name"
    )
    more = More(parser.add_subparsers(metavar="preview|apply", required=True), "%argon restore")
    for name, run, help in (
        ("preview", preview, "show what a reset would discard"),
        ("apply", apply, "reset the branch; what is discarded stays under a backup name"),
    ):
        part = more.add(name, run, help)
        part.add_argument("ref", metavar="REF", help="the state to go back to")
        part.add_argument("--branch", metavar="NAME", help="default: the checkout")
        if name == "preview":
            part.add_argument("--limit", type=kinds.positive, default=difference.DOCUMENTS_SHOWN, metavar="N")


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
