"""What is left of a block when it ends: its runs, and what it had done when an exception ended it."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from .. import protocol
from ..client.diff import Diff
from ..errors import ArgonError
from ..mlflow.resumed import run_in_use

if TYPE_CHECKING:
    from .session import Session

ERROR_SECONDS_MAX = 10.0
"""How long an error may be held up to tell what was changed before it."""

INTERRUPT_SECONDS_MAX = 0.5
"""The same for an interrupt, which people expect to have an effect within a second."""

_FOLLOWER = "argon.mlflow.attach"
"""What follows runs; it imports MLflow, so that nobody loads it before there is a run."""


def changes_after_error(
    session: Session, project: str, base: str, name: str, error: BaseException
) -> Diff | None:
    """What was changed between two states, when that can be told in time."""
    seconds = ERROR_SECONDS_MAX if isinstance(error, Exception) else INTERRUPT_SECONDS_MAX
    with suppress(ArgonError):
        first = session.link.call("diff", {"project": project, "from": base, "to": name}, deadline=seconds)
        return Diff(session.client, project, first)
    return None


def make_runs_known() -> None:
    """Waits a moment until the bridge knows the runs that were started: from then on it keeps what they saw."""
    # Only when a run was started is the MLflow side there at all.
    runs = sys.modules.get(_FOLLOWER)
    if runs is not None:
        with suppress(Exception):
            runs.before_cell_ends()


def tell_runs(activity: protocol.CellActivity | None) -> None:
    """A cell ended: its runs, those among them that were taken up again, are told what it read, and their end."""
    with suppress(Exception):
        in_use = run_in_use()
        if in_use is not None or _FOLLOWER in sys.modules:
            from ..mlflow.attach import after_cell

            after_cell(activity, in_use)


def tell_runs_at_exit() -> None:
    """A script has no end of a cell; what is left is told when it ends."""
    with suppress(Exception):
        in_use = run_in_use()
        if in_use is not None or _FOLLOWER in sys.modules:
            from ..mlflow.attach import at_exit

            at_exit(in_use)
