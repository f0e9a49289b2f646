"""Upkeep: status, health, metrics, garbage collection; and what is not in this version."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ...client.parameters import given
from ...errors import ArgonError
from ...launch import places
from ...launch.ensure import listens
from ...launch.node import find_node
from ...launch.script import find_script
from ...view import Shown
from ...view.blocks import Facts, Heading, Line, bold, code
from ...view.kinds import keeping, place
from .. import kinds

if TYPE_CHECKING:
    from ..context import Context
    from ..grammar import Verbs

LATER = {
    "import": "import a MongoDB database",
    "capture": "follow a MongoDB database",
    "push": "bring changes back to a MongoDB database",
}


def configure(add: Verbs) -> None:
    """Adds the verbs."""
    add.add("status", status, "how the bridge and its data directory are")
    add.add("metrics", metrics, "the numbers of status, for programs")
    add.add("health", health, "check everything a verb needs, also when the bridge is down")
    parser = add.add("gc", gc, "what history could be collected, and what keeps the rest")
    parser.add_argument(
        "--keep", type=kinds.duration, metavar="7d", help="instead of what the project is set to"
    )
    parser.add_argument(
        "--keep-lsns", type=kinds.positive, metavar="N", help="the newest N LSNs of each branch"
    )
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--dry-run", action="store_true", help="only show it (the default)")
    choice.add_argument("--apply", action="store_true", help="collect it")
    for name, help in LATER.items():
        parser = add.add(name, later, f"{help} (not in this version)")
        parser.add_argument("rest", nargs="*", metavar="…")
        parser.add_argument("--to", metavar="URI")
        parser.add_argument("--dry-run", action="store_true")


def status(context: Context) -> Shown:
    """`%argon status`"""
    client = context.session.client
    return place.bridge_status(client.status(), client.hello())


def gc(context: Context) -> Shown:
    """`%argon gc [--keep 7d] [--apply]`: without `--apply` nothing is changed."""
    args = context.args
    mlflow: Any = sys.modules.get("mlflow")
    if args.apply and mlflow is not None:
        from ...mlflow.store import release_deleted

        release_deleted(context.session, mlflow.get_tracking_uri(), context.project.name)
    report = context.session.client.call(
        "keeping.gc",
        project=context.project.name,
        apply=args.apply,
        **given(keepSeconds=args.keep, keepLsns=args.keep_lsns),
    )
    return keeping.collected(report)


def metrics(context: Context) -> Shown:
    """`%argon metrics`"""
    numbers = {name: value for name, value in context.session.client.status().items() if name != "failed"}
    rows: list[tuple[str, Line]] = [(name, [text]) for name, text in _flat(numbers)]
    return Shown("metrics", numbers, [Facts(rows)])


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Names and values, one below the other: `storage.logBytes`."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, value if isinstance(value, str) else json.dumps(value)


def health(context: Context) -> Shown:
    """`%argon health`: works without a bridge, and says what is missing."""
    here = places()
    checks: list[tuple[str, bool, str]] = []

    def check(name: str, look: Any) -> bool:
        try:
            checks.append((name, True, str(look())))
        except ArgonError as error:
            hints = f" ({'; '.join(error.next)})" if error.next else ""
            checks.append((name, False, f"{error.message}{hints}"))
        return checks[-1][1]

    check("Node.js", find_node)
    check("bridge program", find_script)
    checks.append(("socket", listens(here.rpc), str(here.rpc)))
    running = check("bridge", lambda: f"pid {context.session.link.hello['pid']}")
    if running:
        check("versions", lambda: _versions(context))
        check("writes", lambda: _writes(context))
        check("MongoDB protocol", lambda: _ping(context))
    well = all(good for name, good, _ in checks if name != "socket")
    rows: list[tuple[str, Line]] = [
        (name, [bold("" if good else "FAILED  "), code(text)]) for name, good, text in checks
    ]
    title = "Everything works" if well else "Something is wrong"
    data = {
        "well": well,
        "directory": str(here.data),
        "checks": [{"name": name, "well": good, "text": text} for name, good, text in checks],
    }
    return Shown(
        "health", data, [Heading([bold(title)]), Facts([*rows, ("directory", [code(str(here.data))])])]
    )


def _versions(context: Context) -> str:
    hello = context.session.link.hello
    if hello["readOnly"]:
        raise ArgonError(
            "BRIDGE_VERSION",
            f"the bridge speaks protocol {hello['server']['protocol']}, this package another one: it is read-only",
            next=["restart the bridge after an upgrade"],
        )
    return f"{hello['server']['version']}, protocol {hello['server']['protocol']}"


def _writes(context: Context) -> str:
    failed = context.session.client.status().get("failed")
    if failed:
        raise ArgonError("LOG_FAILED", failed, next=["restart the bridge: it recovers from its log"])
    return "taken"


def _ping(context: Context) -> str:
    from pymongo.errors import PyMongoError

    try:
        context.session.mongo.admin.command("ping")
    except PyMongoError as error:
        raise ArgonError("BRIDGE_UNAVAILABLE", f"the MongoDB side does not answer: {error}") from None
    return "answers"


def later(context: Context) -> Shown:
    """import, capture, push"""
    verb: str = context.args.verb
    raise ArgonError(
        "NOT_IN_THIS_VERSION",
        f"{verb} is not in this version: it will {LATER[verb.split()[-1]]}",
        next=["%argon --help"],
    )
