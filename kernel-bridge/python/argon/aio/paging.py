"""Reads an answer page by page."""

# Written by tools/client_async.py from argon/client/paging.py: change it there.

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, TypeVar

Page = TypeVar("Page", bound=Mapping[str, Any])


async def pages(ask: Callable[[Any], Awaitable[Page]]) -> AsyncIterator[Page]:
    """The page that `ask(None)` gives, and then each that it gives for the `next` of the one before."""
    after: Any = None
    while True:
        page = await ask(after)
        yield page
        after = page.get("next")
        if after is None:
            return
