"""Builds the params of a request."""

from __future__ import annotations

from typing import Any


def given(**values: Any) -> dict[str, Any]:
    """The values that are not None. A name that is a Python keyword ends with an underscore: `from_`."""
    return {name.rstrip("_"): value for name, value in values.items() if value is not None}
