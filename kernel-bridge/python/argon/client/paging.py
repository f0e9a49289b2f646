"""Reads an answer page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

Page = TypeVar("Page", bound=Mapping[str, Any])


def pages(ask: Callable[[Any], Page]) -> Iterator[Page]:
    """The page that `ask(None)` gives, and then each that it gives for the `next` of the one before."""
    after: Any = None
    while True:
        page = ask(after)
        yield page
        after = page.get("next")
        if after is None:
            return
