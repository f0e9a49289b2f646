"""Changes from any LSN on, oldest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...view import Shown
from ...view.kinds import feed as view
from .. import kinds

if TYPE_CHECKING:
    from ..context import Context
    from ..grammar import Verbs

CHANGES_SHOWN = 20


def configure(add: Verbs) -> None:
    """Adds the verb."""
    parser = add.add("feed", feed, "changes from an LSN on, oldest first, each once")
    parser.add_argument(
        "--after",
        type=kinds.lsn,
        default=0,
        metavar="LSN",
        help="the newest that is known already; default: 0",
    )
    parser.add_argument("--branch", metavar="NAME", help="only the changes that its state consists of")
    parser.add_argument("--collection", metavar="NAME", help="only this one")
    parser.add_argument("--limit", type=kinds.positive, default=CHANGES_SHOWN, metavar="N")


def feed(context: Context) -> Shown:
    """`%argon feed`"""
    args = context.args
    project = context.project
    page = project.feed(args.after, branch=args.branch, collection=args.collection).page(limit=args.limit)
    return view.feed(page, f"{project.name}/{args.branch}" if args.branch else project.name, args.after)
