"""Writes a frame into a collection."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..errors import ArgonError, Interrupted
from .progress import progress
from .read import OBJECT_IDS

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
    """Upserts each row of a pandas or polars frame, of an Arrow table, or of an iterable of dicts.

    Args:
        frame: the rows. numpy and pandas values become plain ones: int, float, bool, str, datetime; decimals become
            Decimal128, days the midnight they begin with.
        collection: where to.
        key: the columns that say which document a row is; its other columns are then set with `$set`, which
            takes dots as paths and adds new fields in alphabetical order. Default `_id` when the frame has
            it; without it, and for an empty list, every row is a new document with its fields in their order.
        missing: what becomes of None, NaN, NaT and NA: `"omit"` leaves the field as it is, `"null"` writes null.

    Raises:
        ArgonError: `FRAME_KEY` when a key column is missing or empty in a row.
        pymongo.errors.BulkWriteError: as pymongo.
        KeyboardInterrupt: says how many rows are written, when the kernel is interrupted.
    """
    from pymongo import UpdateOne

    if missing not in ("omit", "null"):
        raise ArgonError("BAD_REQUEST", f'missing is "omit" or "null", not {missing!r}')
    columns = _names(frame)
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
    total = len(frame) if hasattr(frame, "__len__") else None
    try:
        with progress(total, f"writing {collection.name}") as bar:
            for batch in _batches(_documents(frame, missing), BATCH_ROWS):
                if not keys:
                    inserted += len(collection.insert_many(batch, ordered=False).inserted_ids)
                else:
                    done = collection.bulk_write(
                        [
                            UpdateOne(_key(document, keys, rows + number), {"$set": document}, upsert=True)
                            for number, document in enumerate(batch)
                        ],
                        ordered=False,
                    )
                    inserted += done.upserted_count
                    matched += done.matched_count
                    modified += done.modified_count
                rows += len(batch)
                bar.update(len(batch))
    except KeyboardInterrupt:
        raise Interrupted(_interrupted(collection.name, rows, total, keys)) from None
    return Written(collection.name, rows, inserted, matched, modified)


def _interrupted(collection: str, rows: int, total: int | None, keys: Sequence[str]) -> str:
    """What a write that was stopped has left, and how to go on or back."""
    of = "" if total is None else f" of {total:,}"
    again = "write the frame again to go on, or take" if keys else "take"
    return (
        f"stopped writing {collection} after {rows:,}{of} rows, and perhaps the {BATCH_ROWS:,} behind them; "
        f"{again} back what the cell wrote: %argon undo --cell"
    )


def _key(document: dict[str, Any], keys: Sequence[str], row: int) -> dict[str, Any]:
    key = {name: document.get(name) for name in keys}
    if any(value is None for value in key.values()):
        raise ArgonError("FRAME_KEY", f"row {row} has no value in its key {', '.join(keys)}")
    return key


def _batches(documents: Iterator[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    while True:
        batch = list(itertools.islice(documents, size))
        if not batch:
            return
        yield batch


def _documents(frame: Any, missing: str) -> Iterator[dict[str, Any]]:
    """The rows as documents. A pandas frame is turned column by column, a slice of rows at a time."""
    keep = missing == "null"
    if hasattr(frame, "columns") and hasattr(frame, "iloc"):
        names = [str(name) for name in frame.columns]
        for begin in range(0, len(frame), BATCH_ROWS):
            part = frame.iloc[begin : begin + BATCH_ROWS]
            columns = [_column(part.iloc[:, index]) for index in range(len(names))]
            for values in zip(*columns, strict=True):
                yield {
                    name: value
                    for name, value in zip(names, values, strict=True)
                    if keep or value is not None
                }
        return
    for row in _rows(frame):
        plain = {name: plain_value(value) for name, value in row.items()}
        yield plain if keep else {name: value for name, value in plain.items() if value is not None}


def _names(frame: Any) -> list[str]:
    """The columns of a frame or table; empty for rows that come one by one."""
    # The columns of an Arrow table are its data.
    names: Any = getattr(frame, "column_names", None) or getattr(frame, "columns", ())
    return list(names)


def _rows(frame: Any) -> Iterator[dict[str, Any]]:
    """The rows of what is no pandas frame, a slice at a time where it can be sliced."""
    if hasattr(frame, "iter_slices"):
        for part in frame.iter_slices(BATCH_ROWS):
            yield from part.to_dicts()
    elif hasattr(frame, "to_batches"):
        from bson import ObjectId

        ids = [field.name for field in frame.schema if (field.metadata or {}).items() >= OBJECT_IDS.items()]
        for part in frame.to_batches(max_chunksize=BATCH_ROWS):
            for row in part.to_pylist():
                row.update((name, ObjectId(row[name])) for name in ids if row[name] is not None)
                yield row
    else:
        yield from frame


def _column(column: Any) -> list[Any]:
    values: list[Any] = column.tolist()
    # Only numpy's own types have no missing values but NaN; pandas' nullable ones call themselves "i" too.
    kind = column.dtype.kind if type(column.dtype).__module__.startswith("numpy") else "O"
    if kind in "iub":
        return values
    if kind == "f":
        return [None if value != value else value for value in values]
    return [plain_value(value) for value in values]


def plain_value(value: Any) -> Any:
    """The value as pymongo knows it; None for every kind of missing."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return None if value != value else float(value)
    if isinstance(value, Decimal):
        from bson import Decimal128

        return Decimal128(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
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
