"""Which documents the rows of a frame mean: found for a batch of rows at a time, by one query."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from ..errors import ArgonError

if TYPE_CHECKING:
    from pymongo import UpdateOne
    from pymongo.collection import Collection

Token = tuple[Any, ...]
"""A value that equals another one's exactly when MongoDB takes both for the same."""


class RowKeys:
    """Makes the updates of rows that a key names.

    A search for each row would cost a walk over the collection where the key has no index. So the documents that a batch
    of rows means are asked for at once; a row that means none gets an `_id` that follows from its key, so that the next
    row with that key means the same document. Each update names the key beside the `_id`: where somebody else has changed
    a document meanwhile, it fails rather than going to the wrong one.
    """

    def __init__(self, names: Sequence[str], look: Collection[dict[str, Any]] | None) -> None:
        self._names = names
        self._look = look if look is not None and _is_comparable(names, look) else None
        """The newest documents; None when each row is to be searched for by itself."""
        self._salt = os.urandom(16)
        self._made = int(time.time()).to_bytes(4, "big")

    def updates(self, batch: Sequence[dict[str, Any]], first_row: int) -> list[UpdateOne]:
        """One upsert for each row.

        Raises:
            ArgonError: `FRAME_KEY` when a row has no value in its key.
        """
        from pymongo import UpdateOne

        keys = [self._key(document, first_row + number) for number, document in enumerate(batch)]
        has_ids = any("_id" in document for document in batch)
        ids = None if self._look is None or has_ids else self._ids(keys, self._look)
        return [
            UpdateOne(key if ids is None else {"_id": ids[number], **key}, {"$set": document}, upsert=True)
            for number, (key, document) in enumerate(zip(keys, batch, strict=True))
        ]

    def _key(self, document: dict[str, Any], row: int) -> dict[str, Any]:
        key = {name: document.get(name) for name in self._names}
        if any(value is None for value in key.values()):
            raise ArgonError("FRAME_KEY", f"row {row} has no value in its key {', '.join(key)}")
        return key

    def _ids(self, keys: Sequence[dict[str, Any]], look: Collection[dict[str, Any]]) -> list[Any] | None:
        """The `_id` of each row's document; None when a value is of a kind that only a search compares rightly."""
        tokens = [_tokens(key.values()) for key in keys]
        wanted = {token for token in tokens if token is not None}
        if None in tokens:
            return None
        filter = {name: {"$in": _distinct(key[name] for key in keys)} for name in self._names}
        found: dict[Token, Any] = {}
        for document in look.find(filter, [*self._names, "_id"]):
            for token in _tokens_of(document, self._names):
                if token in wanted:
                    found.setdefault(token, document["_id"])
        return [found[token] if token in found else self._new_id(token) for token in tokens if token]

    def _new_id(self, token: Token) -> Any:
        from bson import ObjectId

        return ObjectId(self._made + blake2b(repr(token).encode(), digest_size=8, key=self._salt).digest())


def _is_comparable(names: Sequence[str], look: Collection[dict[str, Any]]) -> bool:
    """Whether values of the key can be compared here: they are plain fields, and text is compared letter by letter."""
    if "_id" in names or any("." in name for name in names):
        return False
    return "collation" not in look.options()


def _distinct(values: Iterator[Any]) -> list[Any]:
    return list({_token(value): value for value in values}.values())


def _tokens(values: Any) -> Token | None:
    tokens = tuple(_token(value) for value in values)
    return None if None in tokens else tokens


def _tokens_of(document: dict[str, Any], names: Sequence[str]) -> Iterator[Token]:
    """The keys that a document answers to: one, or with a list in it one for each of its values."""
    combined: list[Token] = [()]
    for name in names:
        value = document.get(name)
        tokens = [_token(inner) for inner in (value if isinstance(value, list) else [value])]
        combined = [(*before, token) for before in combined for token in tokens if token is not None]
    yield from combined


def _token(value: Any) -> Token | None:
    from bson import DatetimeMS, Decimal128, ObjectId

    if isinstance(value, str):
        return ("text", str(value))
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, int):
        return ("number", int(value), 1)
    if isinstance(value, Decimal128):
        value = value.to_decimal()
    if isinstance(value, (float, Decimal)):
        # As a fraction: 1, 1.0 and Decimal("1.00") are the same number, 0.1 and Decimal("0.1") are not.
        finite = value.is_finite() if isinstance(value, Decimal) else value - value == 0
        return ("number", *value.as_integer_ratio()) if finite else ("number", repr(float(value)))
    if isinstance(value, (datetime, DatetimeMS)):
        return ("time", int(DatetimeMS(value)) if isinstance(value, datetime) else int(value))
    if isinstance(value, ObjectId):
        return ("id", value.binary)
    return None
