"""An argparse parser that fits a notebook: errors are ArgonErrors, help is a value, nothing exits."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from ..errors import ArgonError, nearest_name


class HelpWanted(Exception):
    """`--help` was given."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class _Help(argparse.Action):
    def __init__(self, option_strings: Sequence[str], dest: str, **_: Any) -> None:
        super().__init__(
            option_strings, dest, nargs=0, default=argparse.SUPPRESS, help="show this and do nothing"
        )

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        raise HelpWanted(parser.format_help().rstrip())


class VerbParser(argparse.ArgumentParser):
    """The parser of a verb, of a part of one, or of `%argon` itself."""

    def __init__(self, prog: str = "%argon", **options: Any) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        if "usage" in options:
            # argparse fills in a usage that is given, as a format: "%a" would be one.
            options["usage"] = options["usage"].replace("%", "%%")
        self.elsewhere: Mapping[str, str] = options.pop("elsewhere", {})
        """Verbs that are typed in another way, and how."""
        super().__init__(prog=prog, add_help=False, allow_abbrev=False, **options)
        self.add_argument("-h", "--help", action=_Help)

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Like argparse, but words that are too many are those of the verb, and so is the help."""
        known, extra = self.parse_known_args(args, namespace)
        if extra:
            raise self._too_many(getattr(known, "verb", self.prog), extra)
        return known

    def _too_many(self, verb: str, extra: list[str]) -> ArgonError:
        flags = [word for word in extra if word.startswith("--")]
        if not flags:
            return ArgonError(
                "USAGE", f"{verb} takes no more words: {' '.join(extra)}", next=[f"{verb} --help"]
            )
        flag = flags[0].split("=", 1)[0]
        parser = self._below(verb) or self
        known = [
            name for action in parser._actions for name in action.option_strings if name.startswith("--")
        ]
        nearest = nearest_name(flag, known)
        return ArgonError("USAGE", f"{verb} has no flag {flag}", nearest=nearest, next=[f"{verb} --help"])

    def _below(self, prog: str) -> VerbParser | None:
        """The parser of a verb, however deep."""
        if self.prog == prog:
            return self
        parts = self.parts()
        below = (parser._below(prog) for parser in (parts.choices.values() if parts else ()))
        return next((parser for parser in below if parser is not None), None)

    def with_json(self) -> VerbParser:
        """Adds `--json`, which every verb has."""
        self.add_argument("--json", action="store_true", help="show the answer as JSON")
        return self

    def parts(self) -> argparse._SubParsersAction[VerbParser] | None:
        """The verbs below this one, if it has any."""
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                return action
        return None

    def error(self, message: str) -> NoReturn:
        """Says what is wrong with the line, what was probably meant, and where help is."""
        nearest = None
        found = re.search(r"invalid choice: '([^']*)'", message)
        parts = self.parts()
        if found and parts is not None:
            if found[1] in self.elsewhere:
                raise ArgonError(
                    "USAGE",
                    f'"{found[1]}" is not a verb of {self.prog}, but of {self.elsewhere[found[1]].split()[0]}',
                    next=[self.elsewhere[found[1]], f"{self.elsewhere[found[1]]} --help"],
                )
            known = [name for name in parts.choices if not name.startswith("_")]
            nearest = nearest_name(found[1], known)
            message = f'{self.prog} has no verb "{found[1]}"'
        raise ArgonError(
            "USAGE",
            message,
            nearest=nearest,
            next=[
                f"{self.prog} {nearest}" if nearest else f"{self.prog} --help",
                *([f"{self.prog} --help"] if nearest else []),
            ],
        )

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """A notebook does not exit."""
        raise ArgonError("USAGE", message or "the line cannot be understood", next=[f"{self.prog} --help"])
