"""Writes a frame into a collection."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..errors import ArgonError, Interrupted
from .atomic import atomically
from .keys import RowKeys
from .progress import DELAY_SECONDS, Progress, progress
from .read import OBJECT_IDS

if TYPE_CHECKING:
    from pymongo.client_session import ClientSession
    from pymongo.collection import Collection
    from pymongo.errors import BulkWriteError, PyMongoError

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
    look: Collection[dict[str, Any]] | None = None,
) -> Written:
    """Upserts each row of a pandas or polars frame, of an Arrow table, or of an iterable of dicts, in one transaction.

    All rows are seen at once when the last is written; until then, and when the write is interrupted or fails, none is.
    When others change the same documents meanwhile it begins again, up to five times, unless the rows come from an
    iterator.

    Args:
        frame: the rows. numpy and pandas values become plain ones: int, float, bool, str, datetime; decimals become
            Decimal128, days the midnight they begin with.
        collection: where to.
        key: the columns that say which document a row is; its other columns are then set with `$set`, which
            takes dots as paths and adds new fields in alphabetical order. Default `_id` when the frame has
            it; without it, and for an empty list, every row is a new document with its fields in their order.
        look: the same collection as somebody else reads it: where documents are looked for by another key than `_id`.
            Default: each row is searched for by itself, which takes long.
        missing: what becomes of None, NaN, NaT and NA: `"omit"` leaves the field as it is, `"null"` writes null.

    Raises:
        ArgonError: `FRAME_KEY` when a key column is missing or empty in a row.
        ArgonError: `WRITE_CONFLICT`, `BRIDGE_UNAVAILABLE` and others of the bridge; see `atomically`.
        ArgonError: `DUPLICATE_KEY` when another document has the key of a row, in a unique index.
        ArgonError: `BAD_REQUEST` when it is no frame, holds what BSON cannot, or what MongoDB would refuse.
        KeyboardInterrupt: says what is written, when the kernel is interrupted.
    """
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
    if isinstance(frame, (str, bytes, Mapping)) or (not hasattr(frame, "__iter__") and not columns):
        raise ArgonError(
            "BAD_REQUEST", f"a frame or an iterable of dicts is written, and this is {_kind(frame)}"
        )
    from bson.errors import BSONError
    from pymongo.errors import BulkWriteError

    writing = _Writing(frame, collection, keys, missing, look)
    try:
        return atomically(
            collection.database.client,
            writing.run,
            what=collection.name,
            repeats=not isinstance(frame, Iterator),
            again=writing.search_each,
            before_commit=writing.sent,
        )
    except BulkWriteError as error:
        raise writing.refused(error) from error
    except (BSONError, OverflowError) as error:
        raise ArgonError(
            "BAD_REQUEST",
            f"a value behind row {writing.rows:,} cannot be stored in {collection.name}: {error}; "
            "nothing of it is written",
        ) from error
    except Interrupted:
        raise
    except KeyboardInterrupt:
        raise Interrupted(writing.stopped()) from None
    finally:
        writing.close()


class _Writing:
    """One write of a frame, which may be begun more than once."""

    def __init__(
        self,
        frame: Any,
        collection: Collection[dict[str, Any]],
        keys: Sequence[str],
        missing: str,
        look: Collection[dict[str, Any]] | None,
    ) -> None:
        self._frame = frame
        self._collection = collection
        self._keys = keys
        self._missing = missing
        self._look = look
        self._rows = 0
        self._total = len(frame) if hasattr(frame, "__len__") else None
        self._bar: Progress | None = None
        self._begun = 0.0
        self._ending = ExitStack()

    @property
    def rows(self) -> int:
        """Rows that are sent."""
        return self._rows

    def run(self, session: ClientSession) -> Written:
        """Sends all rows."""
        self.close()
        self._rows = 0
        self._begun = time.monotonic()
        collection = self._collection
        keys = RowKeys(self._keys, self._look) if self._keys else None
        bar = self._bar = self._ending.enter_context(progress(self._total, f"writing {collection.name}"))
        inserted = matched = modified = 0
        for batch in _batches(_documents(self._frame, self._missing), BATCH_ROWS):
            if keys is None:
                done = collection.insert_many(batch, ordered=False, session=session)
                inserted += len(done.inserted_ids)
            else:
                updates = keys.updates(batch, self._rows)
                changed = collection.bulk_write(updates, ordered=False, session=session)
                inserted += changed.upserted_count
                matched += changed.matched_count
                modified += changed.modified_count
            self._rows += len(batch)
            bar.update(len(batch))
        return Written(collection.name, self._rows, inserted, matched, modified)

    def sent(self) -> None:
        """All rows are sent, and become visible together now."""
        if self._bar is not None:
            # A bar that has not appeared yet must not appear for this.
            is_shown = time.monotonic() - self._begun >= DELAY_SECONDS
            self._bar.set_description_str(f"committing {self._collection.name}", refresh=is_shown)

    def search_each(self, error: PyMongoError) -> bool:
        """Whether documents were found that the bridge takes for others: then each row is searched for by itself."""
        if self._look is None or _duplicate(error, "_id") is None:
            return False
        self._look = None
        return True

    def refused(self, error: BulkWriteError) -> Exception:
        """What a document was refused for; pymongo's error counts documents that were written, and none is."""
        fault = _duplicate(error)
        if fault is None:
            first = ((error.details or {}).get("writeErrors") or [{}])[0]
            return ArgonError(
                "BAD_REQUEST",
                f"row {self._rows + int(first.get('index', 0))} is refused by {self._collection.name}: "
                f"{first.get('errmsg', error)}; nothing of it is written",
                data={"mongoCode": first.get("code")},
            )
        row = self._rows + int(fault["index"])
        return ArgonError(
            "DUPLICATE_KEY",
            f"row {row} has a key that another document of {self._collection.name} has: {fault.get('errmsg')}; "
            "nothing of it is written",
            data={"row": row, "keyValue": fault.get("keyValue")},
            next=["write with key=… to change the documents that are there"] if not self._keys else [],
        )

    def stopped(self) -> str:
        """What a write that was stopped has left: nothing."""
        of = "" if self._total is None else f" of {self._total:,}"
        return (
            f"stopped writing {self._collection.name} after {self._rows:,}{of} rows; nothing of it is written"
        )

    def close(self) -> None:
        """Takes the progress bar away."""
        self._ending.close()


def _duplicate(error: PyMongoError, index: str | None = None) -> dict[str, Any] | None:
    """The write that was refused because its key is taken, in the unique index on this field or in any."""
    details = getattr(error, "details", None) or {}
    for fault in details.get("writeErrors", ()):
        if fault.get("code") == 11000 and index in (None, *fault.get("keyPattern", ())):
            found: dict[str, Any] = fault
            return found
    return None


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
        for number, row in enumerate(frame):
            if not isinstance(row, Mapping):
                raise ArgonError(
                    "BAD_REQUEST", f"row {number} is {_kind(row)}, and a row is a dict; nothing is written"
                )
            yield dict(row)


def _kind(value: Any) -> str:
    name = type(value).__name__
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


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
