"""Transactions, change streams, asyncio and Arrow frames through pymongo and pymongoarrow."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pyarrow as pa
import pymongoarrow.api as arrow
import pytest
from argon.launch import Places
from pymongo import AsyncMongoClient, MongoClient
from pymongo.database import Database
from pymongo.errors import OperationFailure, PyMongoError

Document = dict[str, Any]


def test_a_transaction_moves_money_or_does_not(mongo: MongoClient[Document], db: Database[Document]) -> None:
    db.accounts.insert_many([{"_id": "a", "n": 100}, {"_id": "b", "n": 0}])

    def move(session: Any, amount: int) -> None:
        db.accounts.update_one({"_id": "a"}, {"$inc": {"n": -amount}}, session=session)
        if amount > 100:
            raise ValueError("not that much")
        db.accounts.update_one({"_id": "b"}, {"$inc": {"n": amount}}, session=session)

    with mongo.start_session() as session:
        session.with_transaction(lambda s: move(s, 30))
        with pytest.raises(ValueError, match="not that much"):
            session.with_transaction(lambda s: move(s, 500))
    assert [account["n"] for account in db.accounts.find().sort("_id")] == [70, 30]


def test_transactions_that_meet_are_run_again(mongo: MongoClient[Document], db: Database[Document]) -> None:
    db.counters.insert_one({"_id": 1, "n": 0})

    def count() -> None:
        with mongo.start_session() as session:
            for _ in range(10):

                def add(s: Any) -> None:
                    found = db.counters.find_one({"_id": 1}, session=s)
                    assert found is not None
                    db.counters.update_one({"_id": 1}, {"$set": {"n": found["n"] + 1}}, session=s)

                session.with_transaction(add)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert db.counters.find_one() == {"_id": 1, "n": 40}


def test_of_two_writers_the_second_is_told_at_once(
    mongo: MongoClient[Document], db: Database[Document]
) -> None:
    db.c.insert_one({"_id": 1})
    with mongo.start_session() as first, mongo.start_session() as second:
        first.start_transaction()
        second.start_transaction()
        db.c.update_one({"_id": 1}, {"$set": {"by": 1}}, session=first)
        with pytest.raises(OperationFailure) as caught:
            db.c.update_one({"_id": 1}, {"$set": {"by": 2}}, session=second)
        assert caught.value.code == 112
        assert caught.value.has_error_label("TransientTransactionError")
        first.commit_transaction()
    assert db.c.find_one() == {"_id": 1, "by": 1}


def test_a_change_stream_goes_on_where_it_stopped(db: Database[Document]) -> None:
    db.c.insert_one({"_id": 0})
    with db.c.watch(full_document="updateLookup", full_document_before_change="required") as stream:
        db.c.insert_one({"_id": 1, "a": 1})
        db.c.update_one({"_id": 1}, {"$set": {"a": 2}})
        assert next(stream)["fullDocument"] == {"_id": 1, "a": 1}
        token = stream.resume_token
    db.c.delete_one({"_id": 1})
    with db.watch([{"$match": {"operationType": {"$ne": "insert"}}}], resume_after=token) as again:
        update, delete = next(again), next(again)
    assert update["updateDescription"]["updatedFields"] == {"a": 2}
    assert (delete["operationType"], delete["documentKey"]) == ("delete", {"_id": 1})


def test_asyncio(here: Places, db: Database[Document]) -> None:
    async def work() -> list[Document]:
        async with AsyncMongoClient[Document](here.wire_uri, directConnection=True) as client:
            birds = client[db.name].birds
            await asyncio.gather(*(birds.insert_one({"_id": i, "n": i % 3}) for i in range(30)))
            async with client.start_session() as session, await session.start_transaction():
                await birds.delete_many({"n": 0}, session=session)
                await birds.update_many({"n": 1}, {"$inc": {"n": 10}}, session=session)
            cursor = await birds.aggregate(
                [{"$group": {"_id": "$n", "count": {"$sum": 1}}}, {"$sort": {"_id": 1}}]
            )
            return [group async for group in cursor]

    assert asyncio.run(work()) == [{"_id": 2, "count": 10}, {"_id": 11, "count": 10}]


def test_frames_of_arrow_and_pandas(db: Database[Document]) -> None:
    table = pa.table(
        {
            "_id": list(range(1_000)),
            "name": [f"n{i}" for i in range(1_000)],
            "x": [i / 7 for i in range(1_000)],
        }
    )
    assert arrow.write(db.frames, table).inserted_count == 1_000
    back = arrow.find_arrow_all(db.frames, {"_id": {"$gte": 990}}, sort=[("_id", 1)])
    assert back.column("name").to_pylist() == [f"n{i}" for i in range(990, 1_000)]
    frame = arrow.aggregate_pandas_all(db.frames, [{"$match": {"x": {"$lt": 1}}}, {"$sort": {"_id": 1}}])
    assert list(frame["_id"]) == list(range(7))
    assert frame["x"].tolist() == [i / 7 for i in range(7)]


def test_a_transaction_left_open_is_gone_with_its_session(
    mongo: MongoClient[Document], db: Database[Document]
) -> None:
    db.c.insert_one({"_id": 1})
    session = mongo.start_session()
    session.start_transaction()
    db.c.update_one({"_id": 1}, {"$set": {"a": 1}}, session=session)
    mongo.admin.command("killSessions", [session.session_id])
    with pytest.raises(PyMongoError):
        session.commit_transaction()
    session.end_session()
    assert db.c.find_one() == {"_id": 1}
