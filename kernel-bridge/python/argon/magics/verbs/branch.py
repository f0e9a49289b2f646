"""Branches: list, create, delete, rename, protect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import ArgonError
from ...view import Shown
from ...view.blocks import GAP, Heading, bold, note
from ...view.kinds import branches
from .. import kinds

if TYPE_CHECKING:
    from ..context import Context
    from ..grammar import Verbs

LIST_MAX = 50


def configure(add: Verbs) -> None:
    """Adds the verbs."""
    from ..grammar import Verbs as More

    parser = add.add("branch", list_, "branches: list, create, delete, rename, protect")
    parser.set_defaults(search=None, limit=LIST_MAX)
    more = More(parser.add_subparsers(metavar="list|create|delete|rename|protect"), "%argon branch")

    part = more.add("list", list_, "the branches, the default first, then newest head first")
    part.add_argument("--search", metavar="TEXT", help="only names that hold this")
    part.add_argument("--limit", type=kinds.positive, default=LIST_MAX, metavar="N")

    part = more.add("create", create, "create a branch; its data costs nothing until it differs")
    part.add_argument("name", metavar="NAME")
    part.add_argument(
        "--from", dest="ref", metavar="REF", help="where it begins; default: what is checked out"
    )
    part.add_argument("--ttl", type=kinds.duration, metavar="1d", help="delete it by itself after this time")
    part.add_argument("--switch", action="store_true", help="check it out")
    part.add_argument("--ensure", action="store_true", help="no error when it exists")

    part = more.add("delete", delete, "delete a branch; what a pin, a run or a fork holds stays readable")
    part.add_argument("branch", metavar="NAME")
    part.add_argument("--ensure", action="store_true", help="no error when there is none")

    part = more.add("rename", rename, "give a branch another name")
    part.add_argument("branch", metavar="NAME")
    part.add_argument("to", metavar="NEW")

    part = more.add("protect", protect, "let a branch take plans only: merges, picks, undos and restores")
    part.add_argument("branch", metavar="NAME")
    part.add_argument(
        "--check",
        dest="checks",
        action="append",
        metavar="CHECK",
        help="and those only when this check has passed (see %%argon check); repeatable",
    )
    part.add_argument("--off", action="store_true", help="let it be written, reset and deleted again")


def list_(context: Context) -> Shown:
    """`%argon branch [list]`"""
    info = context.session.info()
    project = context.project
    page = project.branches.page(search=context.args.search, limit=context.args.limit)
    return branches.branch_list(page, project.pins(), info.get("branch"), project.info["defaultBranch"])


def create(context: Context) -> Shown:
    """`%argon branch create NAME`"""
    args = context.args
    project = context.project
    begin = args.ref or context.ref
    made = project.branches.create(args.name, from_=begin, ensure=args.ensure, ttl_seconds=args.ttl)
    if args.switch:
        context.session.checkout(args.name)
    return branches.one_branch(made.info, project.name, f"from {begin}", switched=args.switch)


def delete(context: Context) -> Shown:
    """`%argon branch delete NAME`"""
    project = context.project
    name = context.args.branch
    if context.session.info().get("ref") == name and name != project.info["defaultBranch"]:
        raise ArgonError(
            "BRANCH_CHECKED_OUT",
            f"{project.name}/{name} is what this kernel has checked out",
            next=[f"%argon checkout {project.info['defaultBranch']}", f"%argon branch delete {name}"],
        )
    try:
        return branches.deleted(project.branches.delete(name), project.name)
    except ArgonError as error:
        if context.args.ensure and error.code == "BRANCH_NOT_FOUND":
            return Shown(
                "deleted",
                {"name": name, "project": project.name, "head": None, "unmerged": 0},
                [Heading([bold(f"{project.name}/{name}"), GAP, note("there is no such branch")])],
            )
        raise


def rename(context: Context) -> Shown:
    """`%argon branch rename NAME NEW`"""
    project = context.project
    renamed = project.branches.rename(context.args.branch, context.args.to)
    return branches.one_branch(renamed.info, project.name, f"was {context.args.branch}")


def protect(context: Context) -> Shown:
    """`%argon branch protect NAME`"""
    args = context.args
    if args.off and args.checks:
        raise ArgonError(
            "USAGE",
            "a branch that is not protected asks for no checks",
            next=["%argon branch protect --help"],
        )
    branch = context.branch(args.branch).protect(not args.off, checks=args.checks)
    what = "not protected any more" if args.off else "protected: it takes merges only"
    if args.checks:
        what += f" that passed {', '.join(args.checks)}"
    return branches.one_branch(branch.info, branch.project, what)
