"""What changed: log, history, diff, graph."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ...view import Shown
from ...view.kinds import difference, story
from ...view.kinds import graph as drawing
from ...view.values import document_name
from .. import kinds

if TYPE_CHECKING:
    from ..context import Context
    from ..grammar import Verbs

LOG_ENTRIES = 20
GRAPH_ENTRIES = 60


def configure(add: Verbs) -> None:
    """Adds the verbs."""
    parser = add.add("log", log, "what changed, who, when, in which cell; newest first")
    parser.add_argument(
        "ref", nargs="?", metavar="REF", help="of this ref and its ancestors; default: the checkout"
    )
    parser.add_argument("--all", action="store_true", help="of the whole project")
    parser.add_argument("--limit", type=kinds.positive, default=LOG_ENTRIES, metavar="N")
    parser.add_argument("--before", type=kinds.positive, metavar="LSN", help="go on from there")

    parser = add.add("history", history, "the versions of one document, newest first")
    parser.add_argument("collection", metavar="COLLECTION")
    parser.add_argument("id", metavar="ID", help='its _id: 7, N1A1, or JSON such as \'{"$oid": "…"}\'')
    parser.add_argument("--at", dest="ref", metavar="REF", help="seen from this ref; default: the checkout")
    parser.add_argument("--limit", type=kinds.positive, default=LOG_ENTRIES, metavar="N")
    parser.add_argument("--before", type=kinds.positive, metavar="LSN", help="go on from there")

    parser = add.add(
        "diff",
        diff,
        "what differs between two states, document by document, field by field",
        "What differs: from the default branch to the checkout, from A to the checkout, or from A to B.",
    )
    parser.add_argument("ref", nargs="?", metavar="A")
    parser.add_argument("other_ref", nargs="?", metavar="B")
    parser.add_argument("--collection", metavar="NAME", help="only this one")
    parser.add_argument("--limit", type=kinds.positive, default=difference.DOCUMENTS_SHOWN, metavar="N")

    parser = add.add("graph", graph, "the branches as a graph")
    parser.add_argument("--limit", type=kinds.positive, default=GRAPH_ENTRIES, metavar="N")


def log(context: Context) -> Shown:
    """`%argon log`"""
    args = context.args
    project = context.project
    ref = None if args.all else args.ref or context.session.ref
    page = project.log(ref, before=args.before, limit=args.limit)
    return story.log(page, f"{project.name}/{ref}" if ref else project.name)


def history(context: Context) -> Shown:
    """`%argon history COLLECTION ID`"""
    args = context.args
    project = context.project
    ref = args.ref or context.session.ref
    id = document_id(args.id)
    page = project.history(ref, args.collection, id, before=args.before, limit=args.limit)
    if not page["changes"] and isinstance(id, dict) and set(id) == {"$numberInt"}:
        # A number may as well be the text of a string _id.
        page = project.history(ref, args.collection, args.id, before=args.before, limit=args.limit)
        id = args.id
    return story.history(page, f"{project.name}/{ref} {document_name(args.collection, id)}")


def document_id(text: str) -> Any:
    """An `_id` from the line: JSON, 24 hex digits of an ObjectId, or a plain string."""
    if len(text) == 24 and all(letter in "0123456789abcdefABCDEF" for letter in text):
        return {"$oid": text.lower()}
    try:
        json.loads(text)
    except ValueError:
        return text
    return kinds.extended_json(text)


def diff(context: Context) -> Shown:
    """`%argon diff [A] [B]`"""
    args = context.args
    project = context.project
    begin = args.ref or project.info["defaultBranch"]
    end = args.other_ref or context.session.ref
    found = project.diff(begin, end, collection=args.collection, limit=max(args.limit, 1))
    collections = project.collections(found.first_page["to"]["ref"])["collections"]
    total = sum(one["count"] for one in collections if args.collection in (None, one["name"]))
    total += sum(part["deleted"] for part in found.summary)
    return difference.diff(found, total, args.limit)


def graph(context: Context) -> Shown:
    """`%argon graph`"""
    project = context.project
    page = project.log(None, limit=context.args.limit)
    branches = [branch.info for branch in project.branches.list()]
    return drawing.graph(page, branches, context.session.info().get("branch"))
