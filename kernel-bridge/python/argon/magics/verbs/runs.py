"""MLflow runs: which data they saw, again and compared."""

from __future__ import annotations

import argparse
import itertools
from typing import TYPE_CHECKING

from ... import protocol
from ...errors import ArgonError
from ...mlflow import reproduce as again
from ...mlflow.models import run_of_model, versions_of_runs
from ...view import Shown
from ...view.kinds import runs as view
from ...view.values import document_name
from .. import kinds
from .history import document_id

if TYPE_CHECKING:
    from ..context import Context
    from ..grammar import Verbs


AFFECTED_DESCRIPTION = """Which runs, and which models, had a document in the data they saw.

  affected 812              runs whose state held the very version that LSN 812 wrote
  affected penguins N1A1    runs whose state held that document, with the version each one saw

A run counts when its state held the document, whether it read that collection or not.
"""


RUN_HELP = "its id, a beginning of it, or its name where one run has it"

RUNS_DESCRIPTION = """MLflow runs and the data they saw, newest first. Filters add up; a page ends with the line that shows the next one.

  runs --branch exp-1 --metric "auc>0.9" --metric "loss<0.2"
  runs --lsn 800..900 --cell 7
"""

PAGE_MAX = 1_000


def configure(add: Verbs) -> None:
    """Adds the verbs."""
    parser = add.add("runs", list_, "MLflow runs and the data they saw, newest first", RUNS_DESCRIPTION)
    parser.add_argument("--lsn", type=kinds.lsn_range, metavar="A..B", help="that saw one of these LSNs")
    parser.add_argument("--branch", metavar="NAME", help="on this branch")
    parser.add_argument("--model", metavar="TEXT", help="whose model has this in its name")
    parser.add_argument(
        "--metric",
        dest="metrics",
        type=kinds.metric_condition,
        action="append",
        metavar="CONDITION",
        help='with such a metric: "auc>0.9", loss<=0.1; several must all hold',
    )
    parser.add_argument("--cell", dest="cell_number", type=kinds.lsn, metavar="N", help="that cell N started")
    parser.add_argument("--after", dest="run_id", metavar="RUN", help="the page behind this run")
    parser.add_argument("--limit", type=kinds.positive, default=20, metavar="N")

    parser = add.add(
        "reproduce",
        reproduce,
        "open the very data a run saw, from its id alone",
        "Opens the very data a run saw, from its id alone, though its branch was reset or deleted.",
    )
    parser.add_argument("run_id", metavar="RUN", help=RUN_HELP)
    parser.add_argument("--into", metavar="BRANCH", help="make a branch of it, to go on from there")

    parser = add.add("affected", affected, "which runs and models saw a bad document", AFFECTED_DESCRIPTION)
    parser.add_argument("what", metavar="LSN|COLLECTION")
    parser.add_argument("id", nargs="?", metavar="ID", help="its _id, behind a COLLECTION")
    parser.add_argument("--limit", type=kinds.positive, default=50, metavar="N")

    parser = add.add(
        "model",
        model,
        "open the very data behind a registered model",
        "Opens the very data that the run behind a version of a registered model saw: NAME@VERSION, NAME@ALIAS, or a models:/ URI.",
    )
    parser.add_argument("model", metavar="NAME@VERSION")
    parser.add_argument("--into", metavar="BRANCH", help="make a branch of it, to go on from there")

    parser = add.add("compare", compare, "same data or not, and what differs; metrics side by side")
    parser.add_argument("run_id", metavar="RUN", help=RUN_HELP)
    parser.add_argument("other_run_id", metavar="RUN")


def affected(context: Context) -> Shown:
    """`%argon affected LSN | COLLECTION ID`"""
    args = context.args
    project = context.project
    if args.id is None:
        try:
            lsn = kinds.lsn(args.what)
        except argparse.ArgumentTypeError:
            raise ArgonError(
                "USAGE",
                f"{args.what} is no LSN; a document is a COLLECTION and an ID",
                next=["%argon affected LSN", f"%argon affected {args.what} ID"],
            ) from None
        found = project.affected(lsn=lsn)
        title = f"{project.name}: the version of LSN {lsn}"
    else:
        id = document_id(args.id)
        found = project.affected(collection=args.what, id=id)
        title = f"{project.name} {document_name(args.what, id)}"
    shown = list(itertools.islice(found, args.limit + 1))
    if not shown and args.id is not None:
        _check_collection(context, args.what)
    runs = shown[: args.limit]
    return view.affected(
        runs, versions_of_runs([one["run"]["id"] for one in runs]), title, len(shown) > args.limit
    )


def _check_collection(context: Context, name: str) -> None:
    """Where no run saw a document, its collection may be a slip of the pen.

    Raises:
        ArgonError: `COLLECTION_NOT_FOUND`.
    """
    ref = context.ref
    if name not in {one["name"] for one in context.project.collections(ref)["collections"]}:
        raise ArgonError(
            "COLLECTION_NOT_FOUND",
            f"no run saw a collection {name}, and there is none in {ref}",
            data={"collection": name},
        )


def model(context: Context) -> Shown:
    """`%argon model NAME@VERSION`"""
    run = run_of_model(context.args.model)
    found = again.reproduce(context.session, run, into=context.args.into)
    found.notes.insert(0, f"model {context.args.model} was made by run {run}")
    return view.reproduced(found.run, found.session, found.digest, found.where, found.notes)


def list_(context: Context) -> Shown:
    """`%argon runs`"""
    args = context.args
    first, last = args.lsn or (None, None)
    after = None if args.run_id is None else again.find_run(context.session, args.run_id)["id"]
    runs: list[protocol.Run] = []
    while True:
        page = context.project.run_page(
            branch=args.branch,
            first_lsn=first,
            last_lsn=last,
            cell=args.cell_number,
            model=args.model,
            metrics=args.metrics,
            after=after,
            limit=min(args.limit - len(runs), PAGE_MAX),
        )
        runs += page["runs"]
        after = page.get("next")
        if after is None or len(runs) >= args.limit:
            break
    filtered = any((args.lsn, args.branch, args.model, args.metrics, args.cell_number is not None))
    return view.run_list(runs, page["total"], context.line if after else None, after, filtered)


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
