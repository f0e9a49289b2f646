"""A progress bar for work that takes more than a moment."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

DELAY_SECONDS = 1.0


class Progress(Protocol):
    """The part of tqdm that is used."""

    def update(self, count: int) -> Any:
        """Counts on."""

    def set_description_str(self, desc: str, refresh: bool) -> Any:
        """Says what is being done; at once when `refresh`."""


class _Silent:
    def update(self, count: int) -> None:
        """Shows nothing."""

    def set_description_str(self, desc: str, refresh: bool) -> None:
        """Shows nothing."""


def progress(total: int | None, what: str) -> AbstractContextManager[Progress]:
    """A tqdm bar that appears after a second; nothing at all where tqdm is not installed."""
    try:
        import warnings

        with warnings.catch_warnings():
            # tqdm warns where ipywidgets is missing, and then draws text, which is what we want.
            warnings.simplefilter("ignore")
            from tqdm.auto import tqdm
    except ImportError:
        return nullcontext(_Silent())
    bar: AbstractContextManager[Progress] = tqdm(
        total=total, desc=what, unit=" docs", unit_scale=True, delay=DELAY_SECONDS, leave=False
    )
    return bar
