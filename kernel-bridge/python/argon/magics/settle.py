"""How a plan becomes a change: answered by rules, shown while something is open, applied once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..client import Plan
from ..errors import ArgonError
from ..view import Shown
from ..view.blocks import GAP, Heading, bold, note
from ..view.kinds import plan as view
from ..view.words import count
from . import kinds

if TYPE_CHECKING:
    import argparse

    from .context import Context


def add_plan_options(parser: argparse.ArgumentParser, ours: str, theirs: str) -> None:
    """Adds what every verb that makes a plan takes; `ours` and `theirs` say what these mean for it."""
    parser.add_argument("--preview", action="store_true", help="only plan")
    side = parser.add_mutually_exclusive_group()
    side.add_argument("--ours", action="store_true", help=ours)
    side.add_argument("--theirs", action="store_true", help=theirs)
    add_rules(parser)
    parser.add_argument("--limit", type=kinds.positive, default=view.CONFLICTS_SHOWN, metavar="N")


def add_rules(parser: argparse.ArgumentParser) -> None:
    """Adds `--rule`, which may be given several times."""
    parser.add_argument(
        "--rule",
        dest="rules",
        type=kinds.answer_rule,
        action="append",
        metavar="SIDE[:COLLECTION[:PATH]]",
        help="answer conflicts with ours, theirs, base or the newest, perhaps only there; the last that fits counts",
    )


def answered(context: Context, found: Plan) -> Plan:
    """A plan with the answers that the line gives: `--ours`, `--theirs` or rules.

    Raises:
        ArgonError: `USAGE` when both are given.
    """
    args: Any = context.args
    take = "ours" if args.ours else "theirs" if args.theirs else None
    if take is not None and args.rules:
        raise ArgonError(
            "USAGE",
            f"--{take} answers every conflict; give it, or --rule",
            next=[f"{args.verb} --help"],
        )
    if found.info["conflicts"]:
        if take is not None:
            found.answer_all(take)
        elif args.rules:
            found.answer_by(args.rules)
    return found


def preview_or_settle(context: Context, found: Plan) -> Shown:
    """What the line asks for: the plan with its answers, or what came of it."""
    if context.args.preview:
        return view.plan(answered(context, found), context.args.limit)
    return settle(context, found)


def settle(context: Context, found: Plan) -> Shown:
    """Applies a plan, after the answers of the line; shows it and refuses while conflicts are open."""
    answered(context, found)
    if found.unanswered:
        context.show(view.plan(found, context.args.limit))
        raise ArgonError(
            "PLAN_UNANSWERED",
            f"plan {found.id} has {count(found.unanswered, 'conflict')} without an answer; nothing has been written",
            data={"plan": found.id, "unanswered": found.unanswered},
            next=[
                f"%argon merge answer {found.id} CONFLICT ours|theirs|--value JSON",
                f"%argon merge apply {found.id} --ours|--theirs|--rule newest",
            ],
        )
    try:
        return view.applied(found.apply())
    except ArgonError as error:
        if error.code == "NOTHING_TO_DO" and found.info["kind"] == "merge":
            return nothing(found.info["source"].split("@")[0], found.info["into"])
        raise


def nothing(source: str, into: str) -> Shown:
    """A merge that has nothing to bring."""
    return Shown(
        "applied",
        {"kind": "merge", "state": "nothing", "source": source, "into": into, "summary": [], "conflicts": 0},
        [Heading([bold("Nothing to merge"), GAP, note(f"{into} has every change of {source}")])],
    )
