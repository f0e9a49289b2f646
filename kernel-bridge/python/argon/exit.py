"""The end of the process: open runs are told theirs, then the session ends.

MLflow ends open runs when the process does, and what is registered last is called first. So this module is imported
by MLflow's plug-in, before MLflow registers its own end, and by the session, whichever comes first.
"""

from __future__ import annotations

import atexit
import sys


def _end() -> None:
    current = sys.modules.get("argon.session.current")
    if current is None:
        return
    from .session.aftermath import tell_runs_at_exit

    tell_runs_at_exit()
    current.end_session()


atexit.register(_end)
