"""Where am I, and going elsewhere: `%argon`, init, use, projects, checkout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ... import verbs
from ...errors import ArgonError
from ...view import Shown
from ...view.kinds import place

if TYPE_CHECKING:
    from ..context import Context
    from ..grammar import Verbs


def configure(add: Verbs) -> None:
    """Adds the verbs."""
    parser = add.add("init", init, "create a project, or open it when it exists")
    parser.add_argument("project", metavar="NAME")
    parser.add_argument(
        "--from", dest="source", metavar="URI", help="import a MongoDB database (not in this version)"
    )
    parser = add.add("use", use, "open a project that exists")
    parser.add_argument("project", metavar="NAME")
    add.add("projects", projects, "all projects")
    parser = add.add(
        "checkout", checkout, "move this kernel to a branch (writable) or a past state (read-only)"
    )
    parser.add_argument("ref", metavar="REF")


def where(context: Context) -> Shown:
    """`%argon`"""
    session = context.session
    hello = session.link.hello
    bridge = "connected, another version: read-only" if hello["readOnly"] else "connected, embedded store"
    try:
        info, state, branch = session.look()
    except ArgonError as error:
        if error.code not in ("BRANCH_NOT_FOUND", "REF_NOT_FOUND"):
            raise
        info = session.info()
        default = session.client.project(info["project"]).info["defaultBranch"]
        raise ArgonError(
            error.code,
            f"{info['project']}/{info.get('ref')}, which this kernel had checked out, is gone",
            next=[f"%argon checkout {default}", "%argon branch list"],
        ) from None
    if state is None:
        return place.nowhere(info, session.client.projects.list(), bridge)
    project = session.client.project(info["project"])
    default = branch["name"] if branch and branch["isDefault"] else project.info["defaultBranch"]
    return place.place(info, state, branch, default, bridge)


def init(context: Context) -> Shown:
    """`%argon init NAME`"""
    if context.args.source:
        raise ArgonError(
            "NOT_IN_THIS_VERSION",
            "importing a MongoDB database is not in this version",
            next=["%argon init NAME, then copy with pymongo: argon.db()[c].insert_many(source[c].find())"],
        )
    name = context.args.project
    known = {project["name"] for project in context.session.client.projects.list()}
    return place.moved(verbs.init(name), "Opened" if name in known else "Created")


def use(context: Context) -> Shown:
    """`%argon use NAME`"""
    return place.moved(verbs.use(context.args.project), "Opened")


def projects(context: Context) -> Shown:
    """`%argon projects`"""
    session = context.session
    return place.projects_list(session.client.projects.list(), session.info().get("project"))


def checkout(context: Context) -> Shown:
    """`%argon checkout REF`"""
    _ = context.session.project_name
    return place.moved(context.session.checkout(context.args.ref), "Switched to")
