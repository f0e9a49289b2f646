"""The session of this process: which project and state it works on, and which cell runs."""

from .current import active_session, current_session
from .session import Session

__all__ = ["Session", "active_session", "current_session"]
