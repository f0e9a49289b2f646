"""Reads documents of any state as batches, a pandas or polars frame, or an Arrow table."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import ArgonError, package_missing
from .progress import progress

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow
    from pymongo.collection import Collection

BATCH_DOCUMENTS = 5_000

OBJECT_IDS = {b"argon.bson": b"objectId"}
"""Metadata of an Arrow column that held ObjectIds."""


class Reading:
    """Documents of one collection in one state.

    Nothing is read before it is asked for, and each `to_…` or iteration reads anew.
    """

    def __init__(
        self,
        collection: Collection[dict[str, Any]],
        ref: str,
        filter: Mapping[str, Any] | None = None,
        projection: Mapping[str, Any] | Sequence[str] | None = None,
    ) -> None:
        self.collection = collection
        self.ref = ref
        self._filter = dict(filter or {})
        self._projection = projection

    def __repr__(self) -> str:
        return f"Reading({self.collection.database.name}.{self.collection.name} of {self.ref})"

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for batch in self.batches():
            yield from batch

    def count(self) -> int:
        """Number of documents."""
        return self.collection.count_documents(self._filter)

    def batches(self, size: int = BATCH_DOCUMENTS) -> Iterator[list[dict[str, Any]]]:
        """Lists of at most `size` documents, in the order of the collection."""
        with self.collection.find(self._filter, self._projection, batch_size=size) as cursor:
            while True:
                batch = list(itertools.islice(cursor, size))
                if not batch:
                    return
                yield batch

    def to_pandas(self, *, nullable: bool = False) -> pandas.DataFrame:
        """A frame with a column for each field, in the order the fields first appear.

        A field that a document has not becomes missing (NaN, NaT, None). Nested documents and lists stay
        objects. Each batch is turned into columns at once, so documents are not held twice.

        Args:
            nullable: integers and booleans beside missing values stay what they are, as pandas' `Int64` and
                `boolean`, and are written back as such; else they become floats and objects, as pandas does it.
        """
        pd = _needs("pandas")
        parts: dict[str, list[Any]] = {}
        rows = 0
        for batch in self._with_progress():
            for name, values in _columns(batch, parts).items():
                column = parts.setdefault(name, [])
                if not column and rows:
                    column.append(pd.Series([None] * rows, dtype=object))
                column.append(_series(pd, values, nullable))
            rows += len(batch)
        frame: dict[str, Any] = {}
        for name in list(parts):
            frame[name] = _joined(pd, parts.pop(name))
        # The columns are ours: a copy would hold everything twice.
        whole: pandas.DataFrame = (
            pd.DataFrame(frame, copy=False) if frame else pd.DataFrame(index=range(rows))
        )
        return whole

    def to_arrow(self) -> pyarrow.Table:
        """An Arrow table. ObjectIds become strings, Decimal128 becomes decimal, dates are UTC milliseconds.

        A column that held nothing but ObjectIds says so in its metadata, and `argon.write` makes them ObjectIds again.
        Its columns come in a chunk for each batch: one piece would take a copy of everything.

        Raises:
            ArgonError: `FRAME_TYPES` when a field holds values that no one Arrow type can hold.
        """
        pyarrow = _needs("pyarrow")
        tables = []
        kinds: dict[str, set[str]] = {}
        for batch in self._with_progress():
            columns = {}
            for name, values in _columns(batch, {}).items():
                kinds.setdefault(name, set()).update(type(value).__name__ for value in values)
                columns[name] = [_arrow(value) for value in values]
            try:
                tables.append(pyarrow.table(columns))
            except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError) as error:
                raise _mixed(error) from None
        if not tables:
            return pyarrow.table({})
        try:
            whole = pyarrow.concat_tables(tables, promote_options="permissive")
        except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError) as error:
            raise _mixed(error) from None
        fields = [
            field.with_metadata(OBJECT_IDS) if kinds[field.name] - {"NoneType"} == {"ObjectId"} else field
            for field in whole.schema
        ]
        return whole.cast(pyarrow.schema(fields))

    def to_polars(self) -> polars.DataFrame:
        """A polars frame over the columns of `to_arrow`, which are not copied.

        Raises:
            ArgonError: `PACKAGE_MISSING` without polars or pyarrow; `FRAME_TYPES` as `to_arrow`.
        """
        found = _needs("polars", "pip install polars pyarrow")
        frame: polars.DataFrame = found.from_arrow(self.to_arrow(), rechunk=False)
        return frame

    def _with_progress(self) -> Iterator[list[dict[str, Any]]]:
        with progress(self._total(), f"reading {self.collection.name}") as bar:
            for batch in self.batches():
                yield batch
                bar.update(len(batch))

    def _total(self) -> int | None:
        """For the progress bar, where it costs nothing. Not by counting: that would be a read of its own to the cell."""
        from pymongo.errors import OperationFailure

        if self._filter:
            return None
        try:
            return int(self.collection.database.command("collStats", self.collection.name)["count"])
        except OperationFailure:  # a view
            return None


def _columns(batch: list[dict[str, Any]], known: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Values by field; fields that were known before come too, all missing if need be."""
    names = dict.fromkeys(known)
    for document in batch:
        names.update(dict.fromkeys(document))
    return {name: [document.get(name) for document in batch] for name in names}


def _series(pandas: Any, values: list[Any], nullable: bool) -> Any:
    """A column in its narrowest honest type; integers beside missing values become floats unless it is nullable."""
    if nullable:
        kinds = {type(value) for value in values if value is not None}
        if kinds == {bool}:
            return pandas.Series(values, dtype="boolean")
        if kinds and all(issubclass(kind, int) and kind is not bool for kind in kinds):
            return pandas.Series(values, dtype="Int64")
    return pandas.Series(values)


def _joined(pandas: Any, parts: list[Any]) -> Any:
    whole = parts[0] if len(parts) == 1 else _concatenated(pandas, parts)
    for kind, plain in (("Int64", "int64"), ("boolean", "bool")):
        if whole.dtype == kind and not whole.isna().any():
            return whole.astype(plain)
    return whole


def _concatenated(pandas: Any, parts: list[Any]) -> Any:
    # A part that is missing throughout says nothing about the type of the whole.
    telling = [part for part in parts if not part.isna().all()]
    kinds = {part.dtype for part in telling}
    if len(kinds) == 1:
        kind = kinds.pop()
        can_miss = kind in ("Int64", "boolean")
        if len(telling) < len(parts) and not can_miss and getattr(kind, "kind", "O") in "iu":
            kind = "float64"
        elif len(telling) < len(parts) and not can_miss and getattr(kind, "kind", "O") == "b":
            kind = object
        parts = [part.astype(kind) for part in parts]
    elif kinds and not all(getattr(kind, "kind", "O") in "iuf" for kind in kinds):
        parts = [part.astype(object) for part in parts]
    return pandas.concat(parts, ignore_index=True)


def _arrow(value: Any) -> Any:
    kind = type(value).__name__
    if kind == "ObjectId":
        return str(value)
    if kind == "Decimal128":
        return value.to_decimal()
    if isinstance(value, Mapping):
        return {key: _arrow(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_arrow(inner) for inner in value]
    return value


def _mixed(error: Exception) -> ArgonError:
    return ArgonError(
        "FRAME_TYPES",
        f"a field holds values that no one Arrow type can hold: {error}",
        next=[
            "read(…, projection=…) without that field",
            "or use to_pandas(), which keeps such values as objects",
        ],
    )


def _needs(name: str, install: str = 'pip install "jupyterlab-argon[frames]"') -> Any:
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError:
        raise package_missing(name, install) from None
