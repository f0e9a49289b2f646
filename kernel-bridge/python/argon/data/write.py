"""Writes a frame into a collection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import ArgonError
from .progress import progress

if TYPE_CHECKING:
    from pymongo.collection import Collection

BATCH_ROWS = 5_000


@dataclass(frozen=True)
class Written:
    """What a write did."""

    collection: str
    rows: int
    inserted: int
    matched: int
    modified: int


def write_frame(
    frame: Any,
    collection: Collection[dict[str, Any]],
    key: str | Sequence[str] | None = None,
    *,
    missing: str = "omit",
) -> Written:
    """Upserts each row of a pandas frame (or anything with `to_dict("records")`, or an iterable of dicts).

    Args:
        frame: the rows. numpy and pandas values become plain ones: int, float, bool, str, datetime.
        collection: where to.
        key: the columns that say which document a row is; default `_id` when the frame has it, else, and
            for an empty list, every row is a new document.
        missing: what becomes of None, NaN, NaT and NA: `"omit"` leaves the field as it is, `"null"` writes null.

    Raises:
        ArgonError: `FRAME_KEY` when a key column is missing or empty in a row.
        pymongo.errors.BulkWriteError: as pymongo.
    """
    from pymongo import InsertOne, UpdateOne

    if missing not in ("omit", "null"):
        raise ArgonError("BAD_REQUEST", f'missing is "omit" or "null", not {missing!r}')
    columns = list(getattr(frame, "columns", ()))
    if key is None and "_id" in columns:
        key = "_id"
    keys = [] if key is None else [key] if isinstance(key, str) else list(key)
    for name in keys:
        if columns and name not in columns:
            raise ArgonError(
                "FRAME_KEY",
                f'the frame has no column "{name}", which is its key',
                next=[f"its columns are {', '.join(map(str, columns))}"],
            )
    rows = inserted = matched = modified = 0
    batch: list[Any] = []
    total = len(frame) if hasattr(frame, "__len__") else None
    with progress(total, f"writing {collection.name}") as bar:

        def flush() -> None:
            nonlocal rows, inserted, matched, modified
            if not batch:
                return
            done = collection.bulk_write(batch, ordered=False)
            rows += len(batch)
            inserted += done.inserted_count + done.upserted_count
            matched += done.matched_count
            modified += done.modified_count
            bar.update(len(batch))
            batch.clear()

        for number, row in enumerate(_rows(frame)):
            document = _document(row, missing)
            if not keys:
                batch.append(InsertOne(document))
            else:
                which = {name: document.get(name) for name in keys}
                if any(value is None for value in which.values()):
                    raise ArgonError("FRAME_KEY", f"row {number} has no value in its key {', '.join(keys)}")
                batch.append(UpdateOne(which, {"$set": document}, upsert=True))
            if len(batch) >= BATCH_ROWS:
                flush()
        flush()
    return Written(collection.name, rows, inserted, matched, modified)


def _rows(frame: Any) -> Iterator[dict[str, Any]]:
    if hasattr(frame, "columns") and hasattr(frame, "itertuples"):
        names = [str(name) for name in frame.columns]
        for row in frame.itertuples(index=False, name=None):
            yield dict(zip(names, row, strict=True))
        return
    if hasattr(frame, "to_pylist"):
        yield from frame.to_pylist()
        return
    yield from frame


def _document(row: dict[str, Any], missing: str) -> dict[str, Any]:
    document = {}
    for name, value in row.items():
        plain = plain_value(value)
        if plain is None and missing == "omit":
            continue
        document[name] = plain
    return document


def plain_value(value: Any) -> Any:
    """The value as pymongo knows it; None for every kind of missing."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return None if value != value else float(value)
    kind = type(value)
    if kind.__module__.startswith("pandas"):
        if kind.__name__ in ("NaTType", "NAType"):
            return None
        if kind.__name__ == "Timestamp":
            return value.to_pydatetime(warn=False)
    if kind.__module__.startswith("numpy"):
        if kind.__name__ == "ndarray":
            return [plain_value(inner) for inner in value.tolist()]
        if kind.__name__ == "datetime64":
            return None if value != value else value.astype("datetime64[ms]").item()
        return plain_value(value.item())
    if isinstance(value, dict):
        return {name: plain_value(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_value(inner) for inner in value]
    return value
