"""Arguments that are more than a word: ranges, durations, JSON."""

from __future__ import annotations

import argparse
import json
import math
import re
from typing import Any

from ..protocol import AnswerRule, RunListParamsMetricsItem

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


def lsn(text: str) -> int:
    """An LSN, or 0 for the beginning."""
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not an LSN; write a whole number such as 1204")
    return int(text)


_CONDITION = re.compile(r"\s*(.*?\S)\s*(<=|>=|!=|==?|<|>)\s*([^<>=!]+)")


def metric_condition(text: str) -> RunListParamsMetricsItem:
    """`auc>0.9`"""
    found = _CONDITION.fullmatch(text)
    try:
        value = float(found[3]) if found else math.nan
    except ValueError:
        value = math.nan
    if found is None or not math.isfinite(value):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a condition of a metric; write 'auc>0.9' or 'loss<=0.1'"
        )
    sign: Any = "=" if found[2] == "==" else found[2]
    return {"name": found[1], "is": sign, "value": value}


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


_KEY = re.compile(r'"(?:[^"\\]|\\.)*"|[^".][^.]*')


def field_path(text: str) -> list[str]:
    """`bill.length_mm`: the keys on the way to a field; a key that holds a dot, or none, is quoted as in JSON."""
    keys: list[str] = []
    at = 0
    while True:
        found = _KEY.match(text, at)
        if found is None or (found.end() < len(text) and text[found.end()] != "."):
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a path of a field; write bill.length_mm, or '\"a key with . dots\".inner'"
            )
        key = found[0]
        try:
            keys.append(str(json.loads(key)) if key.startswith('"') else key)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{key} is not a string of JSON") from None
        if found.end() == len(text):
            return keys
        at = found.end() + 1


SIDES = ("ours", "theirs", "base", "newest")


def answer_rule(text: str) -> AnswerRule:
    """`newest`, `theirs:penguins`, `ours:penguins:bill.length_mm`: how conflicts are answered, and which."""
    side, _, where = text.partition(":")
    collection, _, path = where.partition(":")
    if side not in SIDES or (":" in text and not collection):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a rule; write {', '.join(SIDES)}, perhaps with :COLLECTION or :COLLECTION:PATH"
        )
    take: Any = side
    rule: AnswerRule = {"take": take}
    if collection:
        rule["collection"] = collection
    if path:
        rule["path"] = list(field_path(path))
    return rule


def canonical(value: Any) -> Any:
    """A Python value as canonical Extended JSON, as the protocol wants it."""
    from bson import json_util

    return json.loads(json_util.dumps(value, json_options=json_util.CANONICAL_JSON_OPTIONS))
