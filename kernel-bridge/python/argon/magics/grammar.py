"""The verbs of `%argon`: one parser, from which help, errors and completion come."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .context import Context
from .parser import VerbParser
from .verbs import (
    branch,
    cells,
    check,
    feed,
    history,
    merge,
    pick,
    pin,
    place,
    restore,
    runs,
    undo,
    upkeep,
    why,
)

Run = Callable[[Context], Any]

USAGE = """Branch, travel through and merge MongoDB data from this notebook.

where        %argon · init NAME · use NAME · projects · checkout REF
branches     branch [list] · branch create NAME [--from REF] [--switch] [--ensure] · branch delete|rename|protect
what         log · history COLLECTION ID · why COLLECTION ID [PATH] · diff [A] [B] · graph · feed [--after LSN]
merge        merge SRC [--into DST] [--preview] [--ours|--theirs|--rule …] · merge answer PLAN CONFLICT ours|theirs
             pick SRC --lsn A..B|--cell N|--actor X [--into DST] · check PLAN CHECK [--failed]
go back      undo [--cell [N]|--lsn A..B|--actor X] · restore preview|apply REF · restore plan REF [--collection C]
names, runs  pin NAME [REF] · pins · runs · reproduce RUN · compare RUN RUN
             affected LSN|COLLECTION ID · model NAME@VERSION
cells        cells · stale · rerun-plan · %%argon at REF · %%argon branch NAME · %%argon sandbox [--keep NAME]
upkeep       status · health · metrics · gc [--apply]

A REF is branch, branch@LSN, branch@2026-07-07T09:00:00Z, branch@-5m, pin:NAME or run:ID.
%argon VERB --help, or %argon help VERB, tells more. Every verb has --json and returns a value: b = %argon branch create x
"""


@functools.cache
def grammar() -> VerbParser:
    """The parser of `%argon`."""
    parser = VerbParser(
        "%argon",
        description=USAGE,
        usage="%argon [VERB …]",
        elsewhere={"at": "%%argon at", "sandbox": "%%argon sandbox"},
    ).with_json()
    parser.set_defaults(run=place.where, verb=parser.prog)
    verbs = parser.add_subparsers(metavar="VERB", prog="%argon", required=False)
    for room in (
        place,
        branch,
        history,
        why,
        feed,
        merge,
        pick,
        check,
        undo,
        restore,
        pin,
        runs,
        cells,
        upkeep,
    ):
        room.configure(Verbs(verbs))
    return parser


@functools.cache
def cell_grammar() -> VerbParser:
    """The parser of `%%argon`."""
    parser = VerbParser(
        "%%argon",
        description="Runs the cell somewhere else.",
        usage="%%argon at REF | branch NAME | sandbox [--keep NAME]",
        elsewhere=_LineVerbs(),
    )
    verbs = parser.add_subparsers(metavar="VERB", prog="%%argon", required=True)
    cells.configure_cell(Verbs(verbs, "%%argon"))
    return parser


class _LineVerbs(Mapping[str, str]):
    """The verbs of a line, as they are typed; looked up when one stands in a cell's first line."""

    def __getitem__(self, name: str) -> str:
        parts = grammar().parts()
        if parts is None or name not in parts.choices:
            raise KeyError(name)
        return f"%argon {name}"

    def __iter__(self) -> Iterator[str]:
        parts = grammar().parts()
        return iter(() if parts is None else parts.choices)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Verbs:
    """Adds verbs to a parser."""

    def __init__(self, below: Any, prefix: str = "%argon") -> None:
        self._below = below
        self._prefix = prefix

    def add(self, name: str, run: Run | None, help: str, description: str | None = None) -> VerbParser:
        """A verb with what it runs; every one has `--json`."""
        parser: VerbParser = self._below.add_parser(
            name, prog=f"{self._prefix} {name}", help=help, description=description or help
        )
        parser.with_json()
        if run is not None:
            parser.set_defaults(run=run, verb=parser.prog)
        return parser
