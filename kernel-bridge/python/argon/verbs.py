"""What `import argon` offers: the session's data as plain pymongo, frames, and moving about."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from .client import Client
from .data import Reading, Written, write_frame
from .errors import ArgonError, printable
from .session import current_session, mongo, switch

if TYPE_CHECKING:
    from pymongo.database import Database

    from .mlflow.models import ModelData
    from .protocol import Session as SessionInfo


def init(name: str) -> SessionInfo:
    """Creates a project, or opens it when it exists, and checks out its default branch.

    Raises:
        ArgonError: `NAME_INVALID`, `BRIDGE_…`.
    """
    session = current_session()
    project = session.client.projects.create(name, ensure=True)
    return session.checkout(project.info["defaultBranch"], project=name)


def use(name: str) -> SessionInfo:
    """Opens a project that exists, on its default branch.

    Raises:
        ArgonError: `PROJECT_NOT_FOUND`, with the nearest name.
    """
    session = current_session()
    project = session.client.projects.get(name)
    return session.checkout(project.info["defaultBranch"], project=name)


def checkout(ref: str) -> SessionInfo:
    """Moves the session to a branch, which can be written, or to any past state, which cannot."""
    return current_session().checkout(ref)


def db(ref: str | None = None, *, project: str | None = None) -> Database[dict[str, Any]]:
    """A pymongo `Database`.

    Args:
        ref: a state, which the database then stays at; default: what the session has checked out, which the
            database follows. A branch name alone stays writable; anything else is read-only.
        project: default: the open one.

    Raises:
        ArgonError: `NO_PROJECT`, and for a ref `REF_NOT_FOUND`, `HISTORY_GONE` …
    """
    return mongo.database(current_session(), ref, project)


def uri(ref: str | None = None, *, project: str | None = None) -> str:
    """A MongoDB connection string for any other driver or tool; see `db`."""
    return mongo.uri(current_session(), ref, project)


def read(
    ref: str | None,
    collection: str,
    filter: Mapping[str, Any] | None = None,
    projection: Mapping[str, Any] | Sequence[str] | None = None,
    *,
    project: str | None = None,
) -> Reading:
    """Documents of a collection at a ref (None: the session's): `.to_pandas()`, `.to_arrow()`, `.batches()`.

    Example:
        >>> argon.read("main@1600", "users", {"plan": "pro"}).to_pandas()
    """
    session = current_session()
    shown = ref if ref is not None else session.ref
    return Reading(mongo.database(session, ref, project)[collection], shown, filter, projection)


def write(
    frame: Any, collection: str, key: str | Sequence[str] | None = None, *, missing: str = "omit"
) -> Written:
    """Upserts the rows of a frame into a collection of the branch that is checked out, all at once or not at all.

    See `data.write_frame`, which does it. The branch is the one that is checked out when the write begins.

    Raises:
        ArgonError: `NO_PROJECT`; `NAME_INVALID`; `READ_ONLY` when a past state is checked out; and as `data.write_frame`.
    """
    session = current_session()
    branch = session.branch_name()
    database = session.project.resolve(branch)["database"]
    from pymongo.errors import InvalidName

    # What is looked up for keys is no data that the cell reads: it is not asked for in the name of the session.
    with Client(link=session.link) as reader:
        try:
            look = reader[database][collection]
        except InvalidName as error:
            raise ArgonError("NAME_INVALID", f"{collection!r} is no name of a collection: {error}") from error
        return write_frame(frame, session.mongo[database][collection], key, missing=missing, look=look)


def data_for_model(uri: str) -> ModelData:
    """The data behind a registered model: the run that made it and the state it saw; `.db()` opens it.

    Args:
        uri: `models:/NAME/VERSION`, `models:/NAME@ALIAS`, or in short `NAME@VERSION`.

    Raises:
        ArgonError: `MODEL_NOT_FOUND`, `RUN_NOT_FOUND`, `HISTORY_GONE`.
    """
    from .mlflow.models import data_for_model as found

    return found(current_session(), uri)


def at(ref: str, *, project: str | None = None) -> AbstractContextManager[SessionInfo]:
    """`with argon.at("main@949"):` works at that state, then goes back."""
    return switch.at(current_session(), ref, project)


def sandbox(keep: str | None = None) -> AbstractContextManager[switch.Sandbox]:
    """`with argon.sandbox() as box:` works on a throw-away branch; `box.diff` then tells what changed.

    An exception in the block discards it, and gets a note that says what was thrown away.
    """
    return switch.sandbox(current_session(), keep, _note_discarded)


def _note_discarded(box: switch.Sandbox, error: BaseException) -> None:
    # Views are for notebooks; a script that is well needs none.
    from .view.kinds.difference import sandbox_title

    note = printable(sandbox_title(box))
    if sys.version_info >= (3, 11):
        error.add_note(note)
    else:
        print(note, file=sys.stderr)
