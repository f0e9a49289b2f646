"""A state as files: JSON lines for each collection, and what they are."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypedDict
from urllib.parse import quote

from .. import protocol
from ..client import Client
from ..data.progress import Progress, progress
from ..errors import ArgonError, nearest_name

if TYPE_CHECKING:
    from pymongo.collection import Collection

FACTS_FILE = "argon.json"
FORMAT = 1
BATCH_DOCUMENTS = 5_000
NAME_LENGTH_MAX = 150
"""Characters of a collection's name in that of its file; file systems take 255 bytes."""


class CollectionFacts(TypedDict):
    """One file of an export."""

    file: str
    documents: int
    bytes: int
    digest: str
    """Of the documents, whatever their order and file: the same as `%argon status` and MLflow runs tell."""


class Facts(TypedDict):
    """What stands in `argon.json`."""

    format: int
    project: str
    ref: str
    lsn: int
    timeline: int
    canonical: bool
    collections: dict[str, CollectionFacts]


def write_state(
    client: Client,
    project: str,
    state: protocol.State,
    folder: Path,
    wanted: Sequence[str] | None,
    canonical: bool,
) -> tuple[Facts, bool]:
    """Writes what differs from what the folder has. Returns its facts, and whether anything was written.

    A file is replaced when it is whole, and the facts last: who stops in between finds files without facts of their
    own, and the next export goes on.

    Raises:
        ArgonError: `COLLECTION_NOT_FOUND`, `EXPORT_PATH`.
    """
    found = client.project(project).collections(state["ref"])
    there = {one["name"]: one for one in found["collections"]}
    database = client.database(found["state"]["database"])
    names = list(there) if wanted is None else list(dict.fromkeys(wanted))
    for name in names:
        if name not in there:
            raise ArgonError(
                "COLLECTION_NOT_FOUND",
                f'{state["ref"]} of {project} has no collection "{name}"',
                data={"collection": name},
                nearest=nearest_name(name, there),
            )
    known = _known(folder)
    facts = Facts(
        format=FORMAT,
        project=project,
        ref=state["ref"],
        lsn=state["lsn"],
        timeline=state["timeline"],
        canonical=canonical,
        collections={},
    )
    folder.mkdir(parents=True, exist_ok=True)
    changed = known is None or set(known["collections"]) != set(names)
    total = sum(there[name]["count"] for name in names)
    with progress(total, f"exporting {project}") as bar:
        for name in names:
            old = _unchanged(folder, known, name, there[name]["digest"], canonical)
            if old is not None:
                facts["collections"][name] = old
                bar.update(old["documents"])
                continue
            changed = True
            facts["collections"][name] = _write(database[name], folder, there[name]["digest"], canonical, bar)
    if not changed and known is not None:
        return known, False
    for old in (known or facts)["collections"].values():
        if old["file"] not in {one["file"] for one in facts["collections"].values()}:
            (folder / old["file"]).unlink(missing_ok=True)
    with replaced(folder / FACTS_FILE) as file:
        file.write(json.dumps(facts, indent=2, ensure_ascii=False).encode() + b"\n")
    return facts, True


def _known(folder: Path) -> Facts | None:
    """What an earlier export says of the folder; None for a new or empty one."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return None
    try:
        facts: Facts = json.loads((folder / FACTS_FILE).read_text("utf-8"))
        if facts["format"] == FORMAT:
            return facts
        why = f"it was written in format {facts['format']}"
    except (OSError, ValueError, KeyError, TypeError):
        why = "it holds other files, and no export of Argon" if folder.is_dir() else "it is a file"
    raise ArgonError(
        "EXPORT_PATH",
        f"{folder} cannot take the export: {why}",
        data={"path": str(folder)},
        next=["name a new folder"],
    )


def _unchanged(
    folder: Path, known: Facts | None, name: str, digest: str, canonical: bool
) -> CollectionFacts | None:
    """What is there of a collection, when it is what is wanted."""
    old = None if known is None or known["canonical"] != canonical else known["collections"].get(name)
    if old is None or old["digest"] != digest:
        return None
    try:
        return old if (folder / old["file"]).stat().st_size == old["bytes"] else None
    except OSError:
        return None


def _write(
    collection: Collection[dict[str, Any]], folder: Path, digest: str, canonical: bool, bar: Progress
) -> CollectionFacts:
    from bson import json_util

    options = json_util.CANONICAL_JSON_OPTIONS if canonical else json_util.RELAXED_JSON_OPTIONS
    target = folder / file_of(collection.name)
    documents = 0
    with replaced(target) as file, collection.find(batch_size=BATCH_DOCUMENTS) as cursor:
        for document in cursor:
            file.write(json_util.dumps(document, json_options=options).encode() + b"\n")
            documents += 1
            bar.update(1)
    return CollectionFacts(file=target.name, documents=documents, bytes=target.stat().st_size, digest=digest)


def file_of(collection: str) -> str:
    """A file name for a collection of any name: what a path or another system could take amiss is encoded.

    Upper case letters are encoded too: on some disks `Users` and `users` are one file. A long name is cut short, with
    a hash of the whole.
    """
    name = "".join(f"%{ord(one):02X}" if one.isupper() else quote(one, safe="") for one in collection)
    if len(name) > NAME_LENGTH_MAX:
        name = f"{name[:NAME_LENGTH_MAX]}~{sha256(collection.encode()).hexdigest()[:16]}"
    return f"{name}.jsonl"


@contextmanager
def replaced(target: Path) -> Iterator[IO[bytes]]:
    """A file that takes its place when it is whole, and leaves nothing when it is not."""
    part = target.with_name(f".{target.name}.part")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
