"""Immutable names of states."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import ArgonError
from ...view import Shown
from ...view.blocks import GAP, Heading, bold, note
from ...view.kinds import branches

if TYPE_CHECKING:
    from ...client import Project
    from ..context import Context
    from ..grammar import Verbs


def configure(add: Verbs) -> None:
    """Adds the verbs."""
    parser = add.add("pin", pin, "name a state for ever")
    parser.add_argument("pin", metavar="NAME")
    parser.add_argument("ref", nargs="?", metavar="REF", help="default: what is checked out")
    parser.add_argument(
        "--ensure",
        action="store_true",
        help="no error when the pin names this state already; with --delete, when there is none",
    )
    parser.add_argument("--delete", action="store_true", help="take the name away")
    add.add("pins", pins, "all pins")


def pin(context: Context) -> Shown:
    """`%argon pin NAME [REF]`"""
    args = context.args
    project = context.project
    if args.delete:
        return Shown(
            "deleted",
            {"pin": args.pin, "project": project.name},
            [Heading([bold(f"pin:{args.pin}"), GAP, note(_delete(project, args.pin, args.ensure))])],
        )
    made = project.pin(args.pin, args.ref or context.session.ref, ensure=args.ensure)
    return branches.one_pin(made, project.name)


def _delete(project: Project, name: str, ensure: bool) -> str:
    try:
        project.unpin(name)
    except ArgonError as error:
        if ensure and error.code == "PIN_NOT_FOUND":
            return "there is no such pin"
        raise
    return "deleted"


def pins(context: Context) -> Shown:
    """`%argon pins`"""
    return branches.pin_list(context.project.pins())
