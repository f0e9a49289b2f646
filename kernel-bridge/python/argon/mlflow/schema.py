"""The fields of a collection in the words of MLflow, for the dataset inputs of runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..session import Session

SAMPLE = 100
"""Documents that are looked at, the first of the collection in `_id` order."""

DEPTH_MAX = 4
"""Documents in documents that are told field by field."""

LENGTH_MAX = 60_000
"""Characters; some stores take no more than 64 kB. Fields that do not fit are left out."""

_SCALARS = {
    "$binary": "binary",
    "$date": "datetime",
    "$numberDecimal": "double",
    "$numberDouble": "double",
    "$numberInt": "integer",
    "$numberLong": "long",
}
_NUMBERS = ("integer", "long", "double")
_ANY = {"type": "any"}


def schema_of(session: Session, project: str, ref: str, collection: str) -> str | None:
    """The schema of a collection in a state, as JSON that `mlflow.types.Schema` reads; None where nothing is known.

    Asked of the control plane, so that the cell is not said to have read these documents.

    Raises:
        ArgonError: `REF_NOT_FOUND`, `HISTORY_GONE` …
    """
    page = session.client.call(
        "documents.find", project=project, ref=ref, collection=collection, limit=SAMPLE
    )
    documents = [one["document"] for one in page["documents"] if isinstance(one.get("document"), dict)]
    columns = columns_of(documents)
    while columns and len(_written(columns)) > LENGTH_MAX:
        columns = columns[: len(columns) * LENGTH_MAX // (len(_written(columns)) + 1)]
    return _written(columns) if columns else None


def columns_of(documents: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One item for each field of some documents in canonical Extended JSON; required is what all of them have."""
    return [{**kind, "name": name} for name, kind in _fields(list(documents), 0).items()]


def _written(columns: list[dict[str, Any]]) -> str:
    return json.dumps({"mlflow_colspec": columns}, ensure_ascii=False)


def _fields(documents: list[Mapping[str, Any]], depth: int) -> dict[str, dict[str, Any]]:
    values: dict[str, list[Any]] = {}
    for document in documents:
        for name, value in document.items():
            values.setdefault(name, []).append(value)
    return {
        name: {**_kind(found, depth), "required": len(found) == len(documents) and None not in found}
        for name, found in values.items()
    }


def _kind(values: list[Any], depth: int) -> dict[str, Any]:
    """What values of one field have in common."""
    known = [value for value in values if value is not None]
    names = {_name(value) for value in known}
    if names == {"object"}:
        fields = _fields(known, depth + 1) if depth < DEPTH_MAX else {}
        return {"type": "object", "properties": fields} if fields else _ANY
    if names == {"array"}:
        items = [item for value in known for item in value]
        return {"type": "array", "items": _kind(items, depth + 1)} if items and depth < DEPTH_MAX else _ANY
    if len(names) == 1:
        return {"type": names.pop()}
    if names and names <= set(_NUMBERS):
        return {"type": max(names, key=_NUMBERS.index)}
    return _ANY


def _name(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, list):
        return "array"
    if isinstance(value, dict):
        key = next(iter(value), "")
        # An ObjectId, a regular expression and their like have no name of their own there.
        return _SCALARS.get(key, "string" if key.startswith("$") else "object")
    return "string"
