"""Numbers, ages and counts as a person reads them."""

from __future__ import annotations

import re
from datetime import datetime, timezone


def number(value: int) -> str:
    """1,204"""
    return f"{value:,}"


def count(value: int, one: str, many: str | None = None) -> str:
    """`1 document`, `1,204 documents`."""
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def instant(text: str) -> datetime:
    """A time of the protocol, ISO 8601 with Z."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def age(text: str, now: datetime | None = None) -> str:
    """`4 min ago`, up to seven days; then the date."""
    then = instant(text)
    seconds = ((now or datetime.now(timezone.utc)) - then).total_seconds()
    if seconds < 5:
        return "now"
    if seconds < 60:
        return f"{int(seconds)} s ago"
    if seconds < 3600:
        return f"{int(seconds // 60)} min ago"
    if seconds < 86_400:
        return f"{int(seconds // 3600)} h ago"
    if seconds < 7 * 86_400:
        return count(int(seconds // 86_400), "day") + " ago"
    return then.astimezone().strftime("%Y-%m-%d")


def remaining(text: str, now: datetime | None = None) -> str:
    """How long until then: `6 d`, `3 h`, `12 min`."""
    seconds = (instant(text) - (now or datetime.now(timezone.utc))).total_seconds()
    if round(seconds / 3600) >= 24:
        return f"{round(seconds / 86_400)} d"
    if round(seconds / 60) >= 60:
        return f"{round(seconds / 3600)} h"
    return f"{max(0, round(seconds / 60))} min"


def lsn_range(first: int, last: int) -> str:
    """`1193–1204`, or one number."""
    return str(first) if first == last else f"{first}–{last}"


def undone_text(what: str) -> str:
    """What an undo takes back, with its LSNs said once: `cell [7], 821–944`, `LSN 7`."""
    alone = re.fullmatch(r"LSN (\d+)\.\.(\d+)(?:: (\d+)\.\.(\d+))?", what)
    if alone:
        first, last = (alone[3], alone[4]) if alone[3] else (alone[1], alone[2])
        return f"LSN {lsn_range(int(first), int(last))}"
    return re.sub(
        r"(?:, LSN \d+\.\.\d+)?[:,] (?:LSN )?(\d+)\.\.(\d+)$",
        lambda found: f", {lsn_range(int(found[1]), int(found[2]))}",
        what,
    )


def short(text: str, length: int = 12) -> str:
    """A long id, shortened in the middle."""
    if len(text) <= length:
        return text
    half = (length - 1) // 2
    return f"{text[: length - half - 1]}…{text[-half:]}"


def size(count_bytes: float) -> str:
    """`4.2 MB`"""
    for unit in ("B", "kB", "MB", "GB"):
        if count_bytes < 1000 or unit == "GB":
            return f"{count_bytes:.0f} {unit}" if unit == "B" else f"{count_bytes:.1f} {unit}"
        count_bytes /= 1000
    raise AssertionError


def duration(seconds: float) -> str:
    """`35 ms`, `2.4 s`, `3 min`, `5 h`, `2 d`"""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    if seconds < 86_400:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 86_400:.0f} d"
