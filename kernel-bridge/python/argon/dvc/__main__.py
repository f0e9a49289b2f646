"""`python -m argon.dvc export …`: what a stage of DVC runs."""

from __future__ import annotations

import argparse
import sys

from ..errors import ArgonError
from . import export


def main(args: list[str] | None = None) -> int:
    """Exports, and tells in a line what came of it. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m argon.dvc", description="Exports of Argon for DVC.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser("export", help="write a state into a folder that DVC tracks")
    one.add_argument("ref", help="a branch, or a fixed state: main@1600, pin:v1, run:ID")
    one.add_argument("path", help="the folder")
    one.add_argument("--project", required=True)
    one.add_argument("--collection", action="append", metavar="NAME", help="only this one; may be repeated")
    one.add_argument("--canonical", action="store_true", help="canonical Extended JSON")
    one.add_argument("--no-track", action="store_true", help="only write the folder")
    given = parser.parse_args(args)
    try:
        done = export(
            given.ref,
            given.path,
            collections=given.collection,
            project=given.project,
            canonical=given.canonical,
            track=not given.no_track,
        )
    except ArgonError as error:
        print(error, file=sys.stderr)
        return 1
    what = "exported to" if done.changed else "is unchanged in"
    documents = sum(one["documents"] for one in done.facts["collections"].values())
    print(f"{done.facts['project']}/{done.facts['ref']} {what} {done.path}: {documents} documents")
    return 0


if __name__ == "__main__":
    sys.exit(main())
