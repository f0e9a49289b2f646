"""The plug-in MLflow asks for tags when a run starts. It must be cheap to import and must never fail."""

from __future__ import annotations

import os
import sys

from mlflow.tracking.context.abstract_context import RunContextProvider

from .. import exit as _exit  # noqa: F401, before MLflow registers its own end


class ArgonRunContext(RunContextProvider):
    """Tags a run with the data its process works on, when it works on Argon data at all."""

    def in_context(self) -> bool:
        """Only where a session is open already, or where a kernel with a session has started this process."""
        current = sys.modules.get("argon.session.current")
        if current is not None and current.active_session() is not None:
            return True
        return "ARGON_SESSION" in os.environ

    def tags(self) -> dict[str, str]:
        """`argon.project`, `argon.branch`, `argon.lsn` …; nothing when the bridge does not answer in time."""
        try:
            from .start import run_starts

            return run_starts()
        except Exception:
            # A run is worth more than its tags.
            return {}
