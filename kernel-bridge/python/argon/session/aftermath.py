"""What a block had done when an exception ended it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ..client.diff import Diff
from ..errors import ArgonError

if TYPE_CHECKING:
    from .session import Session

ERROR_SECONDS_MAX = 10.0
"""How long an error may be held up to tell what was changed before it."""

INTERRUPT_SECONDS_MAX = 0.5
"""The same for an interrupt, which people expect to have an effect within a second."""


def changes_after_error(
    session: Session, project: str, base: str, name: str, error: BaseException
) -> Diff | None:
    """What was changed between two states, when that can be told in time."""
    seconds = ERROR_SECONDS_MAX if isinstance(error, Exception) else INTERRUPT_SECONDS_MAX
    with suppress(ArgonError):
        first = session.link.call("diff", {"project": project, "from": base, "to": name}, deadline=seconds)
        return Diff(session.client, project, first)
    return None
