"""Frames in and out, with their types."""

from __future__ import annotations

import getpass
import importlib.util
import os
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from argon.client import Client, Project
from argon.data import Reading, write_frame
from argon.errors import ArgonError, Interrupted
from bson import Decimal128, ObjectId
from conftest import bridge_pids, wait_until


@pytest.fixture
def things(client: Client, project: Project) -> Any:
    return client[project.name].things


def test_types_come_back_as_they_went(things: Any) -> None:
    moment = datetime(2007, 11, 11, 10, 30)
    frame = pd.DataFrame(
        {
            "_id": [1, 2, 3],
            "name": ["a", None, "ü"],
            "mass": [1.5, np.nan, 3.0],
            "small": pd.array([1, None, 3], dtype="Int32"),
            "big": np.array([2**40, 1, 2], dtype="int64"),
            "seen": [True, False, True],
            "at": [moment, pd.NaT, moment + timedelta(days=1)],
            "tags": [["x", "y"], [], None],
            "size": [{"mm": np.float32(1.5)}, {"mm": 2}, None],
        }
    )
    done = write_frame(frame, things, key=[])
    assert (done.rows, done.inserted, done.matched) == (3, 3, 0)
    # By its key the same frame changes nothing.
    again = write_frame(frame, things)
    assert (again.inserted, again.matched, again.modified) == (0, 3, 0)
    assert things.find_one(1) == {
        "_id": 1,
        "name": "a",
        "mass": 1.5,
        "small": 1,
        "big": 2**40,
        "seen": True,
        "at": moment,
        "tags": ["x", "y"],
        "size": {"mm": 1.5},
    }
    # What is missing in the frame is not there in the document.
    assert things.find_one(2) == {"_id": 2, "big": 1, "seen": False, "tags": [], "size": {"mm": 2}}
    back = Reading(things, "main").to_pandas()
    assert list(back.columns) == list(frame.columns)
    assert back.mass.dtype == "float64"
    assert back.seen.dtype == "bool"
    assert back.big.dtype == "int64"
    assert str(back["at"].dtype).startswith("datetime64")
    assert back.mass.isna().tolist() == [False, True, False]
    assert back.name.iloc[2] == "ü"


@pytest.mark.parametrize("looks", [True, False], ids=["by a query for a batch", "row by row"])
def test_a_frame_is_upserted_by_its_key(things: Any, looks: bool) -> None:
    look = things if looks else None
    things.insert_many([{"_id": n, "code": f"c{n}", "old": True} for n in range(3)])
    frame = pd.DataFrame({"code": ["c1", "c9"], "mass": [1.0, 9.0]})
    done = write_frame(frame, things, key="code", look=look)
    assert (done.inserted, done.matched, done.modified) == (1, 1, 1)
    assert things.find_one({"code": "c1"}) == {"_id": 1, "code": "c1", "old": True, "mass": 1.0}
    assert list(things.find_one({"code": "c9"})) == ["_id", "code", "mass"]
    again = write_frame(frame, things, key="code", look=look)
    assert (again.inserted, again.matched, again.modified) == (0, 2, 0)


@pytest.mark.parametrize("looks", [True, False], ids=["by a query for a batch", "row by row"])
def test_a_key_means_what_a_query_would_find(
    things: Any, looks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("argon.data.write.BATCH_ROWS", 4)
    look = things if looks else None
    oid = ObjectId()
    day = datetime(2020, 2, 29)
    known: list[Any] = [
        "a",
        1,
        0.5,
        Decimal128("0.1"),
        True,
        day,
        oid,
        {"deep": 1},
        ["x", "y"],
        None,
        2**60 + 1,
    ]
    things.insert_many([{"_id": n, "code": code} for n, code in enumerate(known)])
    rows: list[Any] = ["a", 1.0, Decimal("0.50"), 0.1, Decimal128("0.10"), 1, day, oid, {"deep": 1}, "y"]
    rows += [2**60 + 1, float(2**60), False, "True", "new", "new", "A"]
    done = write_frame(
        [{"code": code, "row": n} for n, code in enumerate(rows)], things, key="code", look=look
    )
    met = {
        document["_id"]: document["row"]
        for document in things.find({"_id": {"$lt": 100}, "row": {"$gte": 0}})
    }
    assert met == {0: 0, 1: 5, 2: 2, 3: 4, 5: 6, 6: 7, 7: 8, 8: 9, 10: 10}
    # 0.1 is another number than its decimal; each of the rest became a document, and "new" one of two rows.
    made = sorted(document["row"] for document in things.find({"_id": {"$gte": ObjectId("0" * 24)}}))
    assert made == [3, 11, 12, 13, 15, 16]
    assert (done.inserted, done.matched) == (6, 11)


def test_a_key_of_two_columns(things: Any) -> None:
    frame = pd.DataFrame(
        {"day": pd.to_datetime(["2020-01-01", "2020-01-02"] * 2), "site": list("xxyy"), "n": [1, 2, 3, 4]}
    )
    assert write_frame(frame, things, key=["day", "site"], look=things).inserted == 4
    frame["n"] = [1, 2, 3, 5]
    again = write_frame(frame, things, key=["day", "site"], look=things)
    assert (again.inserted, again.matched, again.modified) == (0, 4, 1)


def test_text_is_compared_as_the_collection_does(things: Any) -> None:
    things.database.create_collection("words", collation={"locale": "en", "strength": 2})
    words = things.database.words
    words.insert_one({"_id": 1, "word": "Blue"})
    assert write_frame([{"word": "blue", "n": 1}], words, key="word", look=words).matched == 1
    assert words.count_documents({}) == 1


def test_what_is_refused_leaves_nothing(things: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("argon.data.write.BATCH_ROWS", 2)
    rows = [{"_id": n} for n in (1, 2, 3, 4, 1)]
    with pytest.raises(ArgonError, match=r"^row 4 has a key .* nothing of it is written$") as caught:
        write_frame(rows, things, key=[])
    assert (caught.value.code, caught.value.data["row"]) == ("DUPLICATE_KEY", 4)
    assert things.count_documents({}) == 0
    things.database.create_collection("last", capped=True, size=4096)
    with pytest.raises(ArgonError, match="last is a capped collection") as caught:
        write_frame(rows, things.database.last)
    assert caught.value.code == "BAD_REQUEST"


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        ("text", "an iterable of dicts is written, and this is a str"),
        (None, "and this is a NoneType"),
        ([{"_id": 1}, 2], "row 1 is an int, and a row is a dict"),
        ([{"_id": 1, "a": object()}], "a value behind row 0 cannot be stored in things: .*object"),
        ([{"_id": 1, "a": 2**80}], "a value behind row 0 cannot be stored in things: .*8-byte"),
        (
            pd.DataFrame({"_id": [1], "$a": [1]}),
            r"row 0 is refused by things: .*\$a.*; nothing of it is written",
        ),
    ],
    ids=lambda value: "" if isinstance(value, str) else type(value).__name__,
)
def test_what_is_no_frame_is_refused_in_words(things: Any, frame: Any, sentence: str) -> None:
    with pytest.raises(ArgonError, match=sentence) as caught:
        write_frame(frame, things)
    assert caught.value.code == "BAD_REQUEST"
    assert things.count_documents({}) == 0


class Meddled:
    """Rows, in whose middle something happens each time, or only the first times."""

    def __init__(self, happens: Callable[[], Any], times: int = 1_000) -> None:
        self.happens = happens
        self.times = times
        self.begun = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        self.begun += 1
        for n in range(12):
            if n == 8 and self.begun <= self.times:
                self.happens()
            yield {"_id": n, "x": self.begun}


def test_others_are_not_overwritten(things: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("argon.data.write.BATCH_ROWS", 4)
    things.insert_many([{"_id": n} for n in range(12)])

    def change() -> Any:
        # Nothing of the frame is seen before its end.
        assert things.count_documents({"x": {"$exists": True}}) == 0
        return things.update_one({"_id": 1}, {"$inc": {"others": 1}})

    always = Meddled(change)
    with pytest.raises(ArgonError, match=r"others kept changing .* nothing of it is written") as caught:
        write_frame(always, things, key="_id")
    assert (caught.value.code, always.begun) == ("WRITE_CONFLICT", 5)
    assert things.find_one(1) == {"_id": 1, "others": 5}
    # What cannot be had twice is written once.
    with pytest.raises(ArgonError) as caught:
        write_frame(iter(Meddled(change)), things, key="_id")
    assert caught.value.code == "WRITE_CONFLICT"
    twice = Meddled(change, 2)
    assert write_frame(twice, things, key="_id").matched == 12
    assert things.find_one(1) == {"_id": 1, "others": 8, "x": 3}
    assert things.count_documents({"x": 3}) == 12


def test_a_short_write_shows_no_bar(things: Any, capsys: pytest.CaptureFixture[str]) -> None:
    write_frame(pd.DataFrame({"_id": range(3)}), things)
    assert capsys.readouterr().err == ""


def test_a_frame_is_one_change(client: Client, project: Project) -> None:
    write_frame(pd.DataFrame({"_id": range(12_000)}), client[project.name].things)
    (entry,) = project.branch("main").log()["entries"]
    assert (entry["inserts"], entry["firstLsn"], entry["lastLsn"]) == (12_000, 1, 12_001)
    assert entry["origin"]["actor"] == getpass.getuser()
    # An LSN inside it means the state before.
    assert project.resolve("main@500")["lsn"] == 0


def test_a_frame_outlives_the_bridge(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("argon.data.write.BATCH_ROWS", 4)
    with Client() as client:
        project = client.projects.create("shop")
        things = project.branch("main").db().things
        things.insert_one({"_id": 1})

        def kill() -> None:
            (bridge,) = bridge_pids(home)
            os.kill(bridge, signal.SIGKILL)
            # Whoever asks next starts it again.
            client.status()

        once = Meddled(kill, 1)
        assert write_frame(once, things, key="_id").rows == 12
        assert (once.begun, things.count_documents({"x": 2})) == (2, 12)


def test_an_interrupt_at_the_end_says_what_becomes_of_the_frame(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Client() as client:
        things = client.projects.create("shop").branch("main").db().things
        things.insert_one({"_id": "first"})
        (bridge,) = bridge_pids(home)

        def stop(_: Any) -> None:
            os.kill(bridge, signal.SIGSTOP)
            threading.Timer(0.3, signal.pthread_kill, [threading.get_ident(), signal.SIGINT]).start()

        monkeypatch.setattr("argon.data.write._Writing.sent", stop)
        try:
            with pytest.raises(Interrupted, match="was committing things, which goes on"):
                write_frame([{"_id": n} for n in range(10)], things)
        finally:
            os.kill(bridge, signal.SIGCONT)
        wait_until(lambda: things.count_documents({}) == 11, 30, "the commit that goes on")


def test_missing_values_can_be_nulls(things: Any) -> None:
    write_frame([{"_id": 1, "a": None, "b": float("nan")}], things, missing="null")
    assert things.find_one(1) == {"_id": 1, "a": None, "b": None}
    with pytest.raises(ArgonError, match="missing is"):
        write_frame([], things, missing="what")


def test_a_key_that_is_not_there_is_refused(things: Any) -> None:
    with pytest.raises(ArgonError) as caught:
        write_frame(pd.DataFrame({"a": [1]}), things, key="code")
    assert caught.value.code == "FRAME_KEY"
    with pytest.raises(ArgonError, match="row 1 has no value in its key"):
        write_frame(pd.DataFrame({"code": ["a", None]}), things, key="code")
    assert things.count_documents({}) == 0


def test_batches_filter_and_projection(things: Any) -> None:
    things.insert_many([{"_id": n, "even": n % 2 == 0, "text": "x"} for n in range(25)])
    reading = Reading(things, "main", {"even": True}, ["text"])
    assert [len(batch) for batch in reading.batches(5)] == [5, 5, 3]
    assert next(iter(reading)) == {"_id": 0, "text": "x"}
    assert reading.count() == 13
    assert reading.to_pandas().shape == (13, 2)
    assert Reading(things, "main", {"_id": -1}).to_pandas().shape == (0, 0)


def test_columns_that_begin_or_end_late(things: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A field that only some batches have, and one whose type differs between batches."""
    import argon.data.read as read

    monkeypatch.setattr(read, "BATCH_DOCUMENTS", 3)
    monkeypatch.setattr(read.Reading.batches, "__defaults__", (3,))
    documents: list[dict[str, Any]] = [{"_id": n, "early": n} for n in range(3)]
    documents += [{"_id": n, "late": float(n), "mixed": n} for n in range(3, 6)]
    documents += [{"_id": n, "late": float(n), "mixed": str(n), "flag": True} for n in range(6, 8)]
    things.insert_many(documents)
    frame = Reading(things, "main").to_pandas()
    assert len(frame) == 8
    assert frame.early.dtype == "float64"
    assert frame.early.isna().sum() == 5
    assert frame.late.dtype == "float64"
    assert frame.late.tolist()[3:] == [3.0, 4.0, 5.0, 6.0, 7.0]
    assert frame.mixed.tolist()[3:] == [3, 4, 5, "6", "7"]
    assert frame.flag.tolist()[6:] == [True, True]


def test_integers_and_booleans_may_miss_values(things: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reading.batches, "__defaults__", (2,))
    documents = [
        {"_id": 1, "late": None, "whole": 1, "all": 2**40, "mixed": True},
        {"_id": 2, "whole": 2, "all": 2, "mixed": 1},
        {"_id": 3, "late": 7, "seen": False, "all": 3, "mixed": True},
        {"_id": 4, "late": 8, "seen": True, "all": 4, "mixed": False},
        {"_id": 5, "all": 5, "mixed": 2.5},
    ]
    things.insert_many(documents)
    frame = Reading(things, "main").to_pandas(nullable=True)
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        "_id": "int64", "late": "Int64", "whole": "Int64", "all": "int64", "mixed": "object", "seen": "boolean",
    }  # fmt: skip
    assert frame["late"].tolist() == [pd.NA, pd.NA, 7, 8, pd.NA]
    assert frame["seen"].tolist() == [pd.NA, pd.NA, False, True, pd.NA]
    # What has not changed is written back as it was.
    assert write_frame(frame, things, key="_id").modified == 0
    assert str(Reading(things, "main").to_pandas()["late"].dtype) == "float64"


def test_arrow(things: Any) -> None:
    oid = ObjectId()
    things.insert_many(
        [
            {"_id": oid, "price": Decimal128("1.10"), "at": datetime(2020, 1, 1), "deep": {"a": [1, 2]}},
            {"_id": ObjectId(), "n": 1},
            {"_id": ObjectId(), "n": 2.5},
        ]
    )
    table = Reading(things, "main").to_arrow()
    assert table.num_rows == 3
    assert table.column("_id")[0].as_py() == str(oid)
    assert str(table.column("price")[0].as_py()) == "1.10"
    assert table.column("deep")[0].as_py() == {"a": [1, 2]}
    assert table.column("n").to_pylist() == [None, 1.0, 2.5]
    things.insert_one({"_id": 1, "n": "text"})
    with pytest.raises(ArgonError) as caught:
        Reading(things, "main").to_arrow()
    assert caught.value.code == "FRAME_TYPES"
    assert Reading(things, "main", {"n": 5}).to_arrow().num_rows == 0
    write_frame(pa.table({"_id": [10, 11], "x": [1.0, None]}), things)
    assert things.find_one(11) == {"_id": 11}


ROWS: list[dict[str, Any]] = [
    {
        "_id": ObjectId(),
        "name": "a",
        "n": 2**40,
        "mass": 1.5,
        "seen": True,
        "price": Decimal128("1.10"),
        "at": datetime(2020, 1, 1, 12, 30, 15, 250_000),
        "tags": ["x", "y"],
        "deep": {"mm": 3.5},
        "raw": b"\x00\xff",
    },
    {"_id": ObjectId(), "name": "ü", "n": 1, "mass": 2.0, "seen": False, "price": Decimal128("20.05")},
]


def test_arrow_goes_back_as_it_came(things: Any) -> None:
    things.insert_many(ROWS)
    table = Reading(things, "main").to_arrow()
    assert table.column("price").type == pa.decimal128(4, 2)
    assert pa.types.is_timestamp(table.column("at").type)
    # What is written back changes nothing: the ids are ids again, and every value has its type.
    same = write_frame(table, things)
    assert (same.rows, same.matched, same.modified, same.inserted) == (2, 2, 0, 0)
    assert list(things.find()) == ROWS
    with pytest.raises(ArgonError, match='no column "nothing", which is its key'):
        write_frame(table, things, key="nothing")
    days = pa.table({"_id": [1], "day": pa.array([date(2020, 2, 29)])})
    write_frame(days, things)
    assert things.find_one(1) == {"_id": 1, "day": datetime(2020, 2, 29)}


def test_arrow_in_several_batches_is_of_one_type(things: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("argon.data.read.BATCH_DOCUMENTS", 2)
    monkeypatch.setattr(Reading.batches, "__defaults__", (2,))
    things.insert_many([{"_id": n, **({"x": n} if n < 3 else {"x": n / 2, "late": "y"})} for n in range(7)])
    table = Reading(things, "main").to_arrow()
    assert table.column("x").to_pylist() == [0, 1, 2, 1.5, 2, 2.5, 3]
    assert table.column("late").null_count == 3
    assert table.column("x").num_chunks > 1


def test_polars_or_what_to_install(things: Any) -> None:
    things.insert_many([{**row, "_id": n} for n, row in enumerate(ROWS)])
    if importlib.util.find_spec("polars") is None:
        with pytest.raises(ArgonError) as caught:
            Reading(things, "main").to_polars()
        assert caught.value.code == "PACKAGE_MISSING"
        assert caught.value.message == "this needs the Python package polars, which is not installed"
        assert caught.value.next == ["pip install polars pyarrow"]
        return
    frame = Reading(things, "main").to_polars()
    assert frame.shape == (2, 10)
    same = write_frame(frame, things)
    assert (same.rows, same.matched, same.modified) == (2, 2, 0)


def test_a_big_frame_in_slices(things: Any) -> None:
    frame = pd.DataFrame({"_id": range(12_345), "x": np.linspace(0, 1, 12_345)})
    assert write_frame(frame, things, key=[]).inserted == 12_345
    back = Reading(things, "main").to_pandas()
    pd.testing.assert_frame_equal(back.sort_values("_id", ignore_index=True), frame)
