"""MLflow runs: which data they saw, again and compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...mlflow import reproduce as again
from ...view import Shown
from ...view.kinds import runs as view
from .. import kinds

if TYPE_CHECKING:
    from ..context import Context
    from ..grammar import Verbs


def configure(add: Verbs) -> None:
    """Adds the verbs."""
    parser = add.add("runs", list_, "MLflow runs and the data they saw, newest first")
    parser.add_argument("--lsn", type=kinds.lsn_range, metavar="A..B", help="that saw one of these LSNs")
    parser.add_argument("--branch", metavar="NAME", help="on this branch")
    parser.add_argument("--model", metavar="TEXT", help="whose model is called so")
    parser.add_argument("--limit", type=kinds.positive, default=20, metavar="N")

    parser = add.add(
        "reproduce",
        reproduce,
        "open the very data a run saw, from its id alone",
        "Opens the very data a run saw, from its id alone, though its branch was reset or deleted.",
    )
    parser.add_argument("run_id", metavar="RUN")
    parser.add_argument("--into", metavar="BRANCH", help="make a branch of it, to go on from there")

    parser = add.add("compare", compare, "same data or not, and what differs; metrics side by side")
    parser.add_argument("run_id", metavar="RUN")
    parser.add_argument("other_run_id", metavar="RUN")


def list_(context: Context) -> Shown:
    """`%argon runs`"""
    args = context.args
    first, last = args.lsn or (None, None)
    runs = context.project.runs(
        branch=args.branch, first_lsn=first, last_lsn=last, limit=None if args.model else args.limit
    )
    if args.model:
        runs = [run for run in runs if args.model in run["facts"].get("model", "")][: args.limit]
    return view.run_list(runs)


def reproduce(context: Context) -> Shown:
    """`%argon reproduce RUN`"""
    found = again.reproduce(context.session, context.args.run_id, into=context.args.into)
    return view.reproduced(found.run, found.session, found.digest, found.where, found.notes)


def compare(context: Context) -> Shown:
    """`%argon compare RUN RUN`"""
    session = context.session
    first = again.find_run(session, context.args.run_id)
    second = again.find_run(session, context.args.other_run_id)
    found = None
    if first["project"] == second["project"]:
        project = session.client.project(first["project"])
        found = project.diff(again.run_ref(session, first), again.run_ref(session, second))
    return view.compared(first, second, found)
