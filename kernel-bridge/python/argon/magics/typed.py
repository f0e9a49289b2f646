"""Words as they stand in a line: what is quoted is one word."""

from __future__ import annotations

import shlex

_SPECIAL = frozenset(" \t\n'\"\\#")


def typed(word: str) -> str:
    """A word as it must be typed to be read as one word again."""
    return shlex.quote(word) if not word or _SPECIAL & set(word) else word


def begun(text: str) -> tuple[list[str], str]:
    """The whole words of a line that is being typed, and the last one as it stands there, perhaps without its end."""
    words: list[str] = []
    start: int | None = None
    quote = ""
    escaped = False
    for index, letter in enumerate(text):
        if escaped:
            escaped = False
        elif letter == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter.isspace():
            if start is not None:
                words.append(meant(text[start:index]))
                start = None
            continue
        if start is None:
            start = index
    return words, "" if start is None else text[start:]


def meant(word: str) -> str:
    """A word without its quotes, though the last one be missing."""
    for end in ("", "\\", "'", '"'):
        try:
            return "".join(shlex.split(word + end))
        except ValueError:
            continue
    return word
