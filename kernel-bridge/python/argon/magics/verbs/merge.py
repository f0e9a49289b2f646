"""Merging: plan first, conflicts one by one, then apply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...client import Plan, Project
from ...errors import ArgonError, nearest_name
from ...protocol import Answer, Conflict
from ...view import Shown
from ...view.kinds import plan as view
from .. import kinds
from ..settle import add_rules, nothing, preview_or_settle, settle

if TYPE_CHECKING:
    from ..context import Context
    from ..grammar import Verbs

DESCRIPTION = """Merges a branch. Nothing is written before every conflict has an answer.

  merge SRC [--into DST] --preview     makes a plan, shows it, writes nothing
  merge SRC [--into DST]               makes a plan and applies it when it has no conflict
  merge SRC --ours | --theirs          answers all conflicts: keep DST's, or take SRC's
  merge SRC --rule newest --rule ours:penguins:bill
                                       answers by rules: by side, by collection, by path
  merge show PLAN                      shows a plan again
  merge answer PLAN CONFLICT ours|theirs|base | --value JSON | --missing | --clear
  merge apply PLAN [--ours|--theirs]   applies it, exactly once; plans of picks, undos and restores too

DST is by default the branch that is checked out. PLAN is an id such as p-31, or "last".
CONFLICT is a number, COLLECTION/ID, COLLECTION/ID:PATH, or "all".
"""

PARTS = ("show", "answer", "apply")


def configure(add: Verbs) -> None:
    """Adds the verb."""
    parser = add.add("merge", merge, "merge a branch: plan, answer conflicts, apply", DESCRIPTION)
    parser.add_argument("words", nargs="+", metavar="SRC")
    parser.add_argument("--into", metavar="DST", help="the branch that changes; default: the checkout")
    parser.add_argument("--preview", action="store_true", help="only plan")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--ours", action="store_true", help="keep what DST has")
    which.add_argument("--theirs", action="store_true", help="take what SRC has")
    which.add_argument("--value", metavar="JSON", help="a value of one's own")
    which.add_argument("--missing", action="store_true", help="the field or document shall not be there")
    which.add_argument("--clear", action="store_true", help="take the answer back")
    add_rules(parser)
    parser.add_argument("--limit", type=kinds.positive, default=view.CONFLICTS_SHOWN, metavar="N")


def merge(context: Context) -> Shown:
    """`%argon merge …`"""
    words = context.args.words
    if words[0] in PARTS and len(words) > 1:
        found = find_plan(context.project, words[1])
        if words[0] == "answer":
            return _answer(context, found, words[2:])
        _no_more(words[2:])
        return view.plan(found, context.args.limit) if words[0] == "show" else settle(context, found)
    _no_more(words[1:])
    into = context.args.into or context.session.branch_name()
    try:
        found = context.project.branch(words[0]).merge_plan(into)
    except ArgonError as error:
        if error.code == "NOTHING_TO_DO":
            return nothing(words[0], into)
        raise
    return preview_or_settle(context, found)


def find_plan(project: Project, id: str) -> Plan:
    """A plan by id; `last` is the newest open one."""
    if id != "last":
        return project.plan(id)
    plans = project.plans(state="open", limit=1)
    if not plans:
        raise ArgonError(
            "PLAN_NOT_FOUND", f"project {project.name} has no open plan", next=["%argon merge SRC --preview"]
        )
    return project.plan(plans[0]["id"])


def _answer(context: Context, found: Plan, words: list[str]) -> Shown:
    if not words:
        raise ArgonError("USAGE", "merge answer wants a conflict", next=[f"%argon merge show {found.id}"])
    answer = _answer_of(context, words[1:])
    conflicts = list(found.conflicts())
    chosen = _choose(conflicts, words[0], found.id)
    found.answer({conflict["id"]: answer for conflict in chosen})
    return view.plan(found, context.args.limit)


def _answer_of(context: Context, words: list[str]) -> Answer | None:
    args = context.args
    given = [word for word in words if word]
    if args.ours or args.theirs:
        given.append("ours" if args.ours else "theirs")
    ways = len(given) + (args.value is not None) + args.missing + args.clear
    if ways != 1 or (given and given[0] not in ("ours", "theirs", "base")):
        raise ArgonError(
            "USAGE",
            "an answer is one of ours, theirs, base, --value JSON, --missing and --clear",
            next=["%argon merge --help"],
        )
    if args.clear:
        return None
    if args.missing:
        return {"missing": True}
    if args.value is not None:
        return {"value": _value(args.value)}
    take: Any = given[0]
    return {"take": take}


def _value(text: str) -> Any:
    import argparse

    try:
        return kinds.extended_json(text)
    except argparse.ArgumentTypeError as error:
        raise ArgonError("USAGE", str(error), next=["%argon merge --help"]) from None


def _choose(conflicts: list[Conflict], name: str, plan: str) -> list[Conflict]:
    if name == "all":
        return conflicts
    names = {number: view.names_of(conflict, number) for number, conflict in enumerate(conflicts, 1)}
    chosen = [conflict for number, conflict in enumerate(conflicts, 1) if name in names[number]]
    if not chosen:
        raise ArgonError(
            "CONFLICT_NOT_FOUND",
            f'plan {plan} has no conflict called "{name}"',
            nearest=nearest_name(name, {one for some in names.values() for one in some}),
            next=[f"%argon merge show {plan}"],
        )
    return chosen


def _no_more(words: list[str]) -> None:
    if words:
        raise ArgonError(
            "USAGE", f"merge does not know what to do with {' '.join(words)}", next=["%argon merge --help"]
        )
