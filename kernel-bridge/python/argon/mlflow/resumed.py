"""Runs that are taken up again: `mlflow.start_run(run_id=…)` asks nobody for tags."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any

_last: str | None = None
"""The text by which MLflow named the last run at the last look."""


def run_in_use() -> str | None:
    """Id of the run that is active in this thread, or was since the last look; asks no server.

    MLflow has no public way to learn the id of a run that has ended without a request to its store.
    """
    global _last
    fluent: Any = sys.modules.get("mlflow.tracking.fluent")
    if fluent is None:
        return None
    with suppress(Exception):
        active = fluent.active_run()
        if active is not None:
            return str(active.info.run_id)
        before, _last = _last, fluent._last_active_run_id.get()
        # Each use of a run brings a text of its own: the very same one tells of no new use.
        return None if _last is before else _last
    return None
