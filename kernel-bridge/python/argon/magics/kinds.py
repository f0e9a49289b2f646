"""Arguments that are more than a word: ranges, durations, JSON."""

from __future__ import annotations

import argparse
import json
import re
from typing import Any

_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}


def lsn_range(text: str) -> tuple[int, int]:
    """`800..900`, or one LSN."""
    found = re.fullmatch(r"(\d+)(?:\.\.(\d+))?", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not a range of LSNs; write 800..900, or 800")
    first = int(found[1])
    last = int(found[2] or found[1])
    if last < first:
        raise argparse.ArgumentTypeError(f"the range {text} is empty: its end lies before its begin")
    return first, last


def duration(text: str) -> int:
    """`1d`, `12h`, `30min`: seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|min|m|h|d|w)", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration; write 30min, 12h, 1d or 2w")
    return max(1, round(float(found[1]) * _SECONDS[found[2]]))


def positive(text: str) -> int:
    """A whole number above zero."""
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def extended_json(text: str) -> Any:
    """A value as plain or Extended JSON; a bare word is a string. The answer is canonical Extended JSON."""
    from bson import json_util

    try:
        value = json_util.loads(text)
    except (ValueError, TypeError):
        if re.fullmatch(r"[\w .:/+-]+", text) and not re.match(r"[\d.+-]", text):
            value = text
        else:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not JSON; write 3800, 44.5, '\"female\"', null or '{{\"$date\": …}}'"
            ) from None
    return canonical(value)


def canonical(value: Any) -> Any:
    """A Python value as canonical Extended JSON, as the protocol wants it."""
    from bson import json_util

    return json.loads(json_util.dumps(value, json_options=json_util.CANONICAL_JSON_OPTIONS))
