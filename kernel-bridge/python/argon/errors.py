"""The one error of Argon, the same on every surface: what happened, to what, and what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


class ArgonError(Exception):
    """An error with a stable code.

    Attributes:
        code: one of the catalogue in docs/errors.md, or a `BRIDGE_…` code of this package.
        message: a sentence for a person.
        data: plain values for programs.
        nearest: the name that was probably meant.
        next: lines that say what to do next, each one command or sentence.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        data: Mapping[str, Any] | None = None,
        nearest: str | None = None,
        next: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data: dict[str, Any] = dict(data or {})
        self.nearest = nearest
        self.next: list[str] = list(next)

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self.code, self.message, self.data, self.nearest, self.next)

    def lines(self) -> list[str]:
        """The error as a notebook or a terminal shows it."""
        shown = [f"ArgonError: {self.message}", *getattr(self, "__notes__", ())]
        if self.nearest is not None:
            shown.append(f"Nearest name: {self.nearest}")
        for index, line in enumerate(self.next):
            shown.append(("Next:  " if index == 0 else "       ") + line)
        shown.append(f"Code:  {self.code}")
        return [printable(line) for line in shown]

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in place of a traceback. The cell still fails, so "Run All" stops."""
        first, *rest = self.lines()
        return [f"\x1b[1m{first}\x1b[22m", *rest]


class Interrupted(KeyboardInterrupt):
    """A verb that a kernel interrupt stopped. Every request is atomic, so nothing is left half done."""

    def _render_traceback_(self) -> list[str]:
        return [f"\x1b[1mKeyboardInterrupt: {printable(str(self))}\x1b[22m"]


def _restore(
    code: str, message: str, data: dict[str, Any], nearest: str | None, next: list[str]
) -> ArgonError:
    return ArgonError(code, message, data=data, nearest=nearest, next=next)


def printable(text: str) -> str:
    """`text` on one line and without control characters, so that a hostile name cannot drive a terminal."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in text
    )


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like `name`, if one is like it at all."""
    names = list(known)
    lowered = {candidate.lower(): candidate for candidate in names}
    found = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    return lowered[found[0]] if found else None


def package_missing(name: str, *next: str) -> ArgonError:
    """What needs a package that is not installed says so; `next` is how to get it."""
    return ArgonError(
        "PACKAGE_MISSING", f"this needs the Python package {name}, which is not installed", next=list(next)
    )
