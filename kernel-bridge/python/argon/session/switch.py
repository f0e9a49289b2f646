"""Working somewhere else for a while: at a past state, or in a sandbox."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import ArgonError
from .aftermath import changes_after_error, make_runs_known

if TYPE_CHECKING:
    from ..client import Diff
    from ..protocol import Session as SessionInfo
    from .session import Session

SANDBOX_TTL_SECONDS = 24 * 3600
"""A sandbox whose kernel died is swept away after a day."""


@contextmanager
def at(session: Session, ref: str, project: str | None = None) -> Iterator[SessionInfo]:
    """Checks out `ref`, and at the end what was checked out before."""
    before = session.info()
    here = session.checkout(ref, project=project or before.get("project"))
    try:
        yield here
    finally:
        _return(session, before)


class Visit:
    """A while on a branch. After the block `diff` tells what was changed there."""

    def __init__(self, branch: str, base: str, made_from: str | None) -> None:
        self.branch = branch
        self.base = base
        """The state it was in before, as exp-1@949."""
        self.made_from = made_from
        """The state it was made from, when it was made for this."""
        self.diff: Diff | None = None
        self.error: BaseException | None = None
        """What ended the block before its end; `diff` is None then when it could not be told in time."""

    def __repr__(self) -> str:
        return f"Sandbox({self.branch} of {self.base})"

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        page = None if self.diff is None else self.diff.first_page
        made = {} if self.made_from is None else {"from": self.made_from}
        error = {} if self.error is None else {"error": type(self.error).__name__}
        return {"branch": self.branch, "base": self.base, "made": bool(made), **made, **error, "diff": page}


@contextmanager
def on(
    session: Session, name: str, *, from_: str | None = None, ttl_seconds: int | None = None
) -> Iterator[Visit]:
    """Works on a branch, which is made from `from_` or from what is checked out when there is none.

    At the end what was checked out before is checked out again; what was written stays on the branch.
    """
    if "@" in name or name.startswith(("pin:", "run:")):
        raise ArgonError(
            "READ_ONLY", f"{name} is a past state, and this needs a branch", next=[f"%%argon at {name}"]
        )
    before = session.info()
    project = session.project
    made = None
    try:
        project.branches.get(name)
    except ArgonError as error:
        if error.code != "BRANCH_NOT_FOUND":
            raise
        made = project.resolve(from_ or session.ref)["ref"]
        # Somebody else may have made it meanwhile.
        project.branches.create(name, from_=made, ensure=True, ttl_seconds=ttl_seconds)
    visit = Visit(name, project.resolve(name)["ref"], made)
    session.checkout(name)
    try:
        yield visit
    except BaseException as error:
        visit.error = error
        try:
            _return(session, before)
        except ArgonError:
            # The error of the block is what counts, and the next verb says where the session is.
            raise error from None
        visit.diff = changes_after_error(session, project.name, visit.base, name, error)
        raise
    _return(session, before)
    visit.diff = project.diff(visit.base, name)


class Sandbox:
    """A throw-away branch. After the block `diff` tells what was changed on it."""

    def __init__(self, branch: str, base: str) -> None:
        self.branch = branch
        self.base = base
        """The state it began with, as main@949."""
        self.kept: str | None = None
        """Name of the branch it became."""
        self.diff: Diff | None = None
        """What was changed on it; after an error None when that could not be told in time."""
        self.error: BaseException | None = None
        """What ended the block before its end: then nothing is kept."""
        self.left: ArgonError | None = None
        """Why the branch could not be discarded after such an error; it goes by itself after a day."""

    def keep(self, name: str) -> None:
        """Keeps the branch under a name when the block ends."""
        self.kept = name

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        page = None if self.diff is None else self.diff.first_page
        error = {} if self.error is None else {"error": type(self.error).__name__}
        return {"branch": self.branch, "base": self.base, "kept": self.kept, **error, "diff": page}


@contextmanager
def sandbox(
    session: Session,
    keep: str | None = None,
    tell: Callable[[Sandbox, BaseException], None] | None = None,
) -> Iterator[Sandbox]:
    """Works on a throw-away branch made from what is checked out.

    At the end the branch is discarded, or kept under a name; an exception in the block discards it. `tell` is told
    of that, after it was done.
    """
    before = session.info()
    project = session.project
    if keep is not None:
        _refuse_taken(session, keep)
    name = f"sandbox-{uuid.uuid4().hex[:8]}"
    base = project.resolve(session.ref)
    branch = project.branches.create(name, from_=base["ref"], ttl_seconds=SANDBOX_TTL_SECONDS)
    box = Sandbox(name, base["ref"])
    box.kept = keep
    try:
        session.checkout(name)
        yield box
        box.diff = project.diff(base["ref"], name)
    except BaseException as error:
        box.kept, box.error = None, error
        try:
            _return(session, before)
            box.diff = box.diff or changes_after_error(session, project.name, base["ref"], name, error)
            make_runs_known()
            branch.delete()
        except ArgonError as left:
            # The error of the block is what counts.
            box.left = left
        if tell is not None:
            tell(box, error)
        raise
    _return(session, before)
    if box.kept is not None:
        # A kept branch must not expire: it is made anew from the sandbox, which goes.
        project.branches.create(box.kept, from_=name)
    make_runs_known()
    branch.delete()


def _return(session: Session, before: SessionInfo) -> None:
    ref = before.get("ref") or before.get("branch")
    if before.get("project") and ref:
        session.checkout(ref, project=before["project"])


def _refuse_taken(session: Session, name: str) -> None:
    try:
        session.project.branches.get(name)
    except ArgonError as error:
        if error.code == "BRANCH_NOT_FOUND":
            return
        raise
    raise ArgonError(
        "BRANCH_EXISTS",
        f'a branch called "{name}" exists already, so the sandbox cannot be kept under that name',
        next=["choose another name", f"%argon branch delete {name}"],
    )
