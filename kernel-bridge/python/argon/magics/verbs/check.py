"""What checks say of a plan that a protected branch waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...view import Shown
from ...view.kinds import plan as view
from .merge import find_plan

if TYPE_CHECKING:
    from ..context import Context
    from ..grammar import Verbs

DESCRIPTION = """Records what a check said of a plan; the newest result of a name counts, and another answer takes it back.

A branch asks for checks with %argon branch protect NAME --check CHECK, and takes a plan when all have passed.
PLAN is an id such as p-31, or "last".
"""


def configure(add: Verbs) -> None:
    """Adds the verb."""
    parser = add.add("check", check, "record that a check passed for a plan, or failed", DESCRIPTION)
    parser.add_argument("plan", metavar="PLAN")
    parser.add_argument("check", metavar="CHECK", help="its name")
    parser.add_argument("--failed", action="store_true", help="it failed")
    parser.add_argument("--detail", metavar="TEXT", help="a link or a sentence for people")


def check(context: Context) -> Shown:
    """`%argon check PLAN CHECK`"""
    args = context.args
    found = find_plan(context.project, args.plan)
    return view.plan(found.check(args.check, not args.failed, args.detail))
