"""Who gave a document its values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...view import Shown
from ...view.kinds import blame as view
from ...view.values import document_name
from .. import kinds
from .history import document_id

if TYPE_CHECKING:
    from ..context import Context
    from ..grammar import Verbs

DESCRIPTION = """Says for each field of a document which change gave it its value: LSN, branch, who, in which cell of
which notebook, and the MLflow runs that the same execution of the cell started.

  why penguins N1A1                      every field
  why penguins N1A1 bill.length_mm       one field, or all below it
  why penguins N1A1 --at main@949        as it was then
"""


def configure(add: Verbs) -> None:
    """Adds the verb."""
    parser = add.add("why", why, "which cell, run and change gave each field its value", DESCRIPTION)
    parser.add_argument("collection", metavar="COLLECTION")
    parser.add_argument("id", metavar="ID", help='its _id: 7, N1A1, or JSON such as \'{"$oid": "…"}\'')
    parser.add_argument("path", nargs="?", type=kinds.field_path, metavar="PATH", help="only this field")
    parser.add_argument("--at", dest="ref", metavar="REF", help="seen from this ref; default: the checkout")


def why(context: Context) -> Shown:
    """`%argon why COLLECTION ID [PATH]`"""
    args = context.args
    project = context.project
    # One state for all that is asked, whatever is written meanwhile.
    ref = project.resolve(args.ref or context.session.ref)["ref"]
    id = document_id(args.id)
    fields = list(project.blame(ref, args.collection, id, args.path or ()))
    if not fields and isinstance(id, dict) and set(id) == {"$numberInt"}:
        # A number may as well be the text of a string _id.
        text_fields = list(project.blame(ref, args.collection, args.id, args.path or ()))
        fields, id = (text_fields, args.id) if text_fields else (fields, id)
    return view.blame(fields, f"{project.name}/{ref} {document_name(args.collection, id)}", args.path or [])
