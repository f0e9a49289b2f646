"""Tab completion of verbs, flags, branches, pins, collections, runs, plans and projects."""

from __future__ import annotations

import argparse
import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from ..client.parameters import given
from ..errors import ArgonError
from ..rpc.connection import Dropped
from ..session import Session, active_session
from . import kinds
from .grammar import cell_grammar, grammar
from .parser import VerbParser
from .typed import begun, meant, typed

COMPLETIONS_MAX = 200
BRANCHES_AT_ONCE_MAX = 500
SECONDS_MAX = 2.0
"""How long a bridge may think about it: who presses the tab key must not wait for one that hangs."""

RUNS_MAX = 50
"""Of more runs only those are asked for whose id begins as typed, or whose name holds it."""

_LINE = re.compile(r"^\s*(?:[\w\s,.\[\]'\"]+=\s*)?(%%?)argon(?:\s+(.*))?$", re.DOTALL)


class Completion:
    """Answers the shell's completer on lines of `%argon`.

    The shell splits words at `-` and `/`; here a word ends at white space only, so that names such as
    `exp/scale-features` complete as a whole.
    """

    def __init__(self, shell: Any) -> None:
        from IPython.core.completer import context_matcher

        self._shell = shell

        # The shell marks a matcher with attributes, which a bound method does not take.
        @context_matcher(identifier="argon_matcher", priority=1000)  # type: ignore[untyped-decorator]
        def matcher(context: Any) -> Any:
            return self._match(context)

        self._matcher = matcher

    def register(self) -> None:
        """Begins to answer."""
        self._shell.Completer.custom_matchers.append(self._matcher)

    def unregister(self) -> None:
        """Ends it."""
        with suppress(ValueError):
            self._shell.Completer.custom_matchers.remove(self._matcher)

    def _match(self, context: Any) -> Any:
        from IPython.core.completer import SimpleCompletion

        found = words_before(context.text_until_cursor)
        if found is None:
            return {"completions": [], "suppress": False}
        is_cell, words, fragment = found
        names = [typed(name) for name in candidates(is_cell, words, meant(fragment))]
        if not names and fragment:
            # An empty answer would let Python names in; the word itself changes nothing.
            names = [fragment]
        return {
            "completions": [SimpleCompletion(text=name, type="argon") for name in names],
            "matched_fragment": fragment,
            "suppress": True,
            "ordered": True,
        }


def words_before(text: str) -> tuple[bool, list[str], str] | None:
    """Of a line up to the cursor: whether it is `%%argon`, the whole words, and the word begun as it stands there."""
    found = _LINE.match(text)
    if not found or found[2] is None:
        return None
    words, fragment = begun(found[2])
    return found[1] == "%%", words, fragment


def candidates(is_cell: bool, words: list[str], fragment: str) -> list[str]:
    """What the begun word may become, best first: names that begin with it, then names that hold its letters."""
    parser = cell_grammar() if is_cell else grammar()
    rest = list(words)
    while rest:
        parts = parser.parts()
        if parts is None or rest[0] not in parts.choices:
            break
        parser = parts.choices[rest.pop(0)]
    names = list(dict.fromkeys(_names(parser, rest, fragment)))
    return _ranked(names, fragment)[:COMPLETIONS_MAX]


def _names(parser: VerbParser, rest: list[str], fragment: str) -> Iterator[str]:
    if fragment.startswith("-"):
        for action in parser._actions:
            yield from (option for option in action.option_strings if option.startswith("--"))
        return
    if rest and rest[-1].startswith("--"):
        for action in parser._actions:
            if rest[-1] in action.option_strings and action.nargs != 0:
                yield from _values(action, fragment)
                if action.nargs != "?":
                    return
    parts = parser.parts()
    positional = [action for action in parser._actions if not action.option_strings and action is not parts]
    if parts is not None and not rest:
        yield from parts.choices
    given = _positional_words(parser, rest)
    if positional:
        action = positional[min(len(given), len(positional) - 1)]
        if len(given) < len(positional) or action.nargs in ("*", "+"):
            yield from _merge_words(given, fragment) if action.dest == "words" else _values(action, fragment)


def _positional_words(parser: VerbParser, rest: list[str]) -> list[str]:
    """The words that are no option and no option's value."""
    takes_value = {
        option for action in parser._actions if action.nargs != 0 for option in action.option_strings
    }
    words: list[str] = []
    skip = False
    for word in rest:
        if skip:
            skip = False
        elif word.startswith("--"):
            skip = word in takes_value
        else:
            words.append(word)
    return words


def _merge_words(given: list[str], fragment: str) -> Iterator[str]:
    if not given:
        yield from _branches(fragment)
        yield from ("answer", "apply", "show")
    elif given[0] in ("answer", "apply", "show"):
        if len(given) == 1:
            yield from _plans()
        elif given[0] == "answer" and len(given) == 2:
            yield from _conflicts(given[1])
        elif given[0] == "answer":
            yield from ("ours", "theirs", "base")


def _values(action: argparse.Action, fragment: str) -> Iterator[str]:
    wanted = action.dest
    if wanted in ("ref", "other_ref"):
        yield from _refs(fragment)
    elif wanted in ("branch", "into", "to"):
        yield from _branches(fragment)
    elif wanted == "pin":
        yield from (pin["name"] for pin in _ask(lambda session: session.project.pins()))
    elif wanted == "collection":
        yield from _ask(
            lambda session: [one["name"] for one in session.project.collections(session.ref)["collections"]]
        )
    elif wanted == "plan":
        yield from _plans()
    elif wanted == "check":
        yield from _checks()
    elif wanted == "rules":
        yield from _rules(fragment)
    elif wanted in ("run_id", "other_run_id"):
        yield from _runs(fragment)
    elif wanted == "metrics":
        yield from _metrics()
    elif wanted == "model":
        yield from _facts("model")
    elif wanted == "cell_number":
        yield from _facts("cellNumber")
    elif wanted == "project":
        yield from _ask(lambda session: [one["name"] for one in session.client.projects.list()])


def _refs(fragment: str) -> Iterator[str]:
    run = fragment.removeprefix("run:")

    def look(session: Session) -> list[str]:
        project = session.project_name
        # One way there and back for all three: they are asked for while somebody types.
        branches, pins, runs = session.link.call_together(
            (
                "branch.list",
                {"project": project, "limit": COMPLETIONS_MAX, **given(letters=fragment or None)},
            ),
            ("pin.list", {"project": project}),
            ("run.list", {"project": project, "limit": RUNS_MAX}),
        )
        if "next" in runs and run:
            found = session.client.project(project).run_page(search=run, limit=RUNS_MAX)
            runs = found if found["runs"] else runs
        return [
            *(branch["name"] for branch in branches["branches"]),
            *(f"pin:{pin['name']}" for pin in pins),
            *(f"run:{one['id']}" for one in runs["runs"]),
        ]

    yield from _ask(look)


def _branches(fragment: str) -> Iterator[str]:
    def look(session: Session) -> list[str]:
        page = session.project.branches.page(letters=fragment or None, limit=COMPLETIONS_MAX)
        return [branch["name"] for branch in page["branches"]]

    yield from _ask(look)


def _runs(fragment: str) -> Iterator[str]:
    def look(session: Session) -> list[str]:
        page = session.project.run_page(limit=RUNS_MAX)
        runs = page["runs"]
        if "next" in page and fragment:
            runs = session.project.run_page(search=fragment, limit=RUNS_MAX)["runs"] or runs
        return [run["id"] for run in runs]

    yield from _ask(look)


def _facts(name: str) -> Iterator[str]:
    """What the newest runs say of themselves."""
    for run in _ask(lambda session: session.project.run_page(limit=RUNS_MAX)["runs"]):
        if name in run["facts"]:
            yield run["facts"][name]


def _metrics() -> Iterator[str]:
    """Metrics of the newest runs, ready for a bound."""
    for run in _ask(lambda session: session.project.run_page(limit=RUNS_MAX)["runs"]):
        for fact in run["facts"]:
            if fact.startswith("metric."):
                name = fact.removeprefix("metric.")
                # The line is split at white space only.
                if " " not in name:
                    yield f"{name}>"


def _plans() -> Iterator[str]:
    yield "last"
    yield from _ask(
        lambda session: [plan["id"] for plan in session.project.plans(state="open", limit=RUNS_MAX)]
    )


def _checks() -> Iterator[str]:
    """Checks that protected branches ask for."""
    for branch in _ask(lambda session: session.project.branches.page(limit=BRANCHES_AT_ONCE_MAX)["branches"]):
        yield from branch.get("checks", ())


def _rules(fragment: str) -> Iterator[str]:
    side, colon, _ = fragment.partition(":")
    if not colon:
        yield from kinds.SIDES
    elif side in kinds.SIDES:
        yield from (
            f"{side}:{name}"
            for name in _ask(
                lambda session: [
                    one["name"] for one in session.project.collections(session.ref)["collections"]
                ]
            )
        )


def _conflicts(plan: str) -> Iterator[str]:
    from ..view.values import document_name, path_text
    from .verbs.merge import find_plan

    yield "all"
    for conflict in _ask(lambda session: list(find_plan(session.project, plan).conflicts())):
        name = document_name(conflict["collection"], conflict["document"])
        yield f"{name}:{path_text(conflict['path'])}" if conflict["path"] else name


def _ask(look: Any) -> list[Any]:
    """Asks the bridge; completion is silent where it cannot answer, or not in time, and never starts anything."""
    session: Session | None = active_session()
    if session is None or not session.link.connected:
        return []
    found: list[Any] = []

    def ask() -> None:
        with suppress(ArgonError, Dropped):
            found.append(list(look(session)))

    asking = threading.Thread(target=ask, name="argon-complete", daemon=True)
    asking.start()
    asking.join(SECONDS_MAX)
    return found[0] if found else []


def _ranked(names: list[str], fragment: str) -> list[str]:
    """Prefixes first, then names that hold the letters in their order."""
    begun = [name for name in names if name.startswith(fragment)]
    if not fragment or fragment.startswith("-"):
        return begun
    pattern = re.compile(".*?".join(re.escape(letter) for letter in fragment), re.IGNORECASE)
    return begun + [name for name in names if not name.startswith(fragment) and pattern.search(name)]
