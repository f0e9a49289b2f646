"""The value of a verb: facts for programs, and how they look."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from .as_html import html_of
from .as_text import text_of
from .blocks import Block


class Shown:
    """What a verb returns.

    It shows as text, as escaped HTML and as `application/vnd.argon.<kind>+json`. Its facts are reached by
    key (`b["headAt"]`), by attribute in Python's spelling (`b.head_at`) or all at once (`b.data`); a list
    of facts is iterated and indexed.
    """

    def __init__(
        self,
        kind: str,
        data: Any,
        blocks: Sequence[Block],
        *,
        mime: dict[str, Any] | None = None,
    ) -> None:
        self.kind = kind
        self.data = data
        self.blocks = list(blocks)
        self._mime = mime or {}
        self._as_json = False

    def as_json(self) -> Shown:
        """The same value, shown as JSON."""
        self._as_json = True
        return self

    @property
    def text(self) -> str:
        """As a terminal shows it."""
        return json.dumps(self.data, indent=2, ensure_ascii=False) if self._as_json else text_of(self.blocks)

    @property
    def html(self) -> str:
        """As a notebook shows it."""
        return html_of(self.blocks)

    def to_json(self) -> Any:
        """The facts."""
        return self.data

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/plain": self.text}
        if self._as_json:
            return {**bundle, "application/json": self.data}
        bundle["text/html"] = self.html
        bundle[f"application/vnd.argon.{self.kind}+json"] = self.data
        return {**bundle, **self._mime}

    def __repr__(self) -> str:
        return self.text

    def __str__(self) -> str:
        return self.text

    def __getitem__(self, key: Any) -> Any:
        return self.data[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)

    def __bool__(self) -> bool:
        return True

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            data = self.__dict__.get("data")
            camel = re.sub(r"_(\w)", lambda found: found[1].upper(), name)
            if isinstance(data, dict) and camel in data:
                return data[camel]
        raise AttributeError(f"{type(self).__name__} of kind {self.__dict__.get('kind')!r} has no {name!r}")

    def __dir__(self) -> list[str]:
        names = list(super().__dir__())
        if isinstance(self.data, dict):
            names += [re.sub(r"([A-Z])", lambda found: "_" + found[1].lower(), key) for key in self.data]
        return names
