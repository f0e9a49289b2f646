"""Everyday pymongo against a bridge: nothing here knows that it is not mongod, until it travels in time."""

from __future__ import annotations

import datetime
import re
import threading
import uuid
from typing import Any

import bson
import gridfs
import pymongo
import pytest
from bson import Decimal128, Int64, ObjectId
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import (
    CursorType,
    DeleteMany,
    InsertOne,
    MongoClient,
    ReplaceOne,
    ReturnDocument,
    UpdateMany,
    UpdateOne,
)
from pymongo.database import Database
from pymongo.errors import (
    BulkWriteError,
    CursorNotFound,
    DuplicateKeyError,
    ExecutionTimeout,
    OperationFailure,
    WriteError,
)
from pymongo.read_concern import ReadConcern

Document = dict[str, Any]


def test_documents_come_back_as_they_were(db: Database[Document]) -> None:
    document: Document = {
        "text": "ünï",
        "int": 5,
        "long": Int64(5),
        "float": 5.0,
        "negative zero": -0.0,
        "decimal": Decimal128("5.00"),
        "date": datetime.datetime(1969, 7, 20, 20, 17, 40, 123000),
        "bytes": b"abc",
        "uuid": bson.Binary.from_uuid(uuid.UUID(int=7)),
        "regex": bson.Regex("a.b", "i"),
        "none": None,
        "list": [1, [2, {"three": 3}], []],
        "nested": {"a.b": 1, "$set": 2, "": 3},
        "min": bson.MinKey(),
        "max": bson.MaxKey(),
        "timestamp": bson.Timestamp(4, 2),
    }
    inserted = db.c.insert_one(document).inserted_id
    raw = db.get_collection("c", codec_options=CodecOptions(document_class=RawBSONDocument)).find_one(
        inserted
    )
    assert raw is not None
    assert raw.raw == bson.encode(document)
    assert next(iter(raw)) == "_id"


def test_finds_with_all_its_options(db: Database[Document]) -> None:
    db.c.insert_many({"_id": n, "n": n % 10, "tags": [n, -n], "deep": {"n": n}} for n in range(300))
    assert [d["_id"] for d in db.c.find({"n": 3}, batch_size=7)] == list(range(3, 300, 10))
    assert [d["_id"] for d in db.c.find({}, sort=[("n", -1), ("_id", 1)], skip=2, limit=3)] == [29, 39, 49]
    assert list(db.c.find({"_id": {"$in": [5, 2]}}, {"deep.n": 1, "_id": 0})) == [
        {"deep": {"n": 2}},
        {"deep": {"n": 5}},
    ]
    assert db.c.find_one({"tags": -7}) == {"_id": 7, "n": 7, "tags": [7, -7], "deep": {"n": 7}}
    assert db.c.find_one({"deep": {"n": 4}}, ["n"]) == {"_id": 4, "n": 4}
    assert db.c.find_one({"_id": "nothing"}) is None
    assert db.c.count_documents({"n": {"$lt": 3}}) == 90
    assert db.c.estimated_document_count() == 300
    assert db.c.distinct("n", {"_id": {"$lt": 5}}) == [0, 1, 2, 3, 4]
    assert db.c.find({"_id": re.compile("x")}).to_list() == []
    with pytest.raises(OperationFailure, match="unknown top level operator") as failure:
        db.c.find_one({"$nonsense": 1})
    assert failure.value.code == 2


def test_cursors_live_and_die(db: Database[Document]) -> None:
    db.c.insert_many({"_id": n} for n in range(50))
    cursor = db.c.find(batch_size=5)
    next(cursor)
    db.c.delete_many({})
    assert len(list(cursor)) == 49
    db.c.insert_many({"_id": n} for n in range(50))
    cursor = db.c.find(batch_size=5)
    next(cursor)
    assert cursor.cursor_id
    db.command("killCursors", "c", cursors=[Int64(cursor.cursor_id)])
    with pytest.raises(CursorNotFound):
        list(cursor)


def test_exhaust_cursors_stream(db: Database[Document]) -> None:
    db.c.insert_many({"_id": n} for n in range(500))
    cursor = db.c.find(cursor_type=CursorType.EXHAUST, batch_size=20)
    assert [document["_id"] for document in cursor] == list(range(500))
    abandoned = db.c.find(cursor_type=CursorType.EXHAUST, batch_size=20)
    for _ in range(45):
        next(abandoned)
    abandoned.close()
    assert db.c.count_documents({}) == 500


def test_inserts_report_what_went_wrong(db: Database[Document]) -> None:
    db.c.insert_one({"_id": 1})
    with pytest.raises(DuplicateKeyError) as duplicate:
        db.c.insert_one({"_id": 1})
    assert duplicate.value.details is not None
    assert duplicate.value.details["keyValue"] == {"_id": 1}
    with pytest.raises(BulkWriteError) as bulk:
        db.c.insert_many([{"_id": 2}, {"_id": 1}, {"_id": 3}], ordered=False)
    assert bulk.value.details["nInserted"] == 2
    assert [error["index"] for error in bulk.value.details["writeErrors"]] == [1]
    with pytest.raises(WriteError) as wrong:
        db.c.insert_one({"_id": [1]})
    assert wrong.value.code == 53


def test_updates_of_every_form(db: Database[Document]) -> None:
    db.c.insert_many({"_id": n, "n": n, "list": [1, 2, 3]} for n in range(10))
    result = db.c.update_many({"n": {"$gte": 5}}, {"$inc": {"n": 100}, "$set": {"late": True}})
    assert (result.matched_count, result.modified_count) == (5, 5)
    assert db.c.update_one({"_id": 1}, {"$set": {"n": 1}}).modified_count == 0
    assert db.c.update_one({"_id": "new"}, {"$setOnInsert": {"a": 1}}, upsert=True).upserted_id == "new"
    assert isinstance(db.c.update_one({"k": 1}, {"$set": {"a": 1}}, upsert=True).upserted_id, ObjectId)
    db.c.update_one({"_id": 2}, {"$set": {"list.$[big]": 0}}, array_filters=[{"big": {"$gt": 1}}])
    db.c.update_one({"_id": 3, "list": 2}, {"$set": {"list.$": 9}})
    db.c.update_one({"_id": 4}, [{"$set": {"sum": {"$sum": "$list"}}}, {"$unset": "list"}])
    assert db.c.find_one(2)["list"] == [1, 0, 0]  # type: ignore[index]
    assert db.c.find_one(3)["list"] == [1, 9, 3]  # type: ignore[index]
    assert db.c.find_one(4) == {"_id": 4, "n": 4, "sum": 6}
    assert db.c.replace_one({"_id": 5}, {"only": "this"}).modified_count == 1
    assert db.c.find_one(5) == {"_id": 5, "only": "this"}
    assert (
        db.c.find_one_and_update({"_id": 6}, {"$set": {"n": 0}}, return_document=ReturnDocument.AFTER)["n"]
        == 0
    )
    assert db.c.find_one_and_delete({}, sort=[("_id", 1)])["_id"] == 0
    assert db.c.find_one_and_replace({"_id": 77}, {"x": 1}, upsert=True) is None
    with pytest.raises(WriteError, match="immutable field '_id'"):
        db.c.update_one({"_id": 7}, {"$set": {"_id": 8}})
    assert db.c.delete_many({"late": True}).deleted_count == 4


def test_bulk_writes(db: Database[Document]) -> None:
    db.c.insert_many({"_id": n, "n": n} for n in range(5))
    result = db.c.bulk_write(
        [
            InsertOne({"_id": 10}),
            UpdateOne({"_id": 0}, {"$set": {"n": "zero"}}),
            UpdateMany({"n": {"$type": "number"}}, {"$inc": {"n": 1}}),
            ReplaceOne({"_id": 99}, {"n": 99}, upsert=True),
            DeleteMany({"n": {"$gt": 4}}),
        ]
    )
    assert (result.inserted_count, result.matched_count, result.modified_count) == (1, 5, 5)
    assert (result.upserted_ids, result.deleted_count) == ({3: 99}, 2)
    assert sorted(str(d["_id"]) for d in db.c.find()) == ["0", "1", "10", "2", "3"]


def test_large_batches_are_split_and_arrive(db: Database[Document]) -> None:
    db.c.insert_many({"_id": n, "pad": "x" * 400} for n in range(120_000))
    assert db.c.count_documents({}) == 120_000
    assert db.c.update_many({"_id": {"$lt": 3_500}}, {"$unset": {"pad": ""}}).modified_count == 3_500
    assert sum(1 for _ in db.c.find({}, {"_id": 1})) == 120_000


def test_aggregations(db: Database[Document]) -> None:
    db.sales.insert_many(
        {"_id": n, "item": n % 3, "price": n / 2, "tags": ["a", "b"][: n % 3]} for n in range(60)
    )
    db.items.insert_many([{"_id": 0, "name": "tea"}, {"_id": 1, "name": "milk"}])
    groups = db.sales.aggregate(
        [
            {"$match": {"price": {"$gte": 5}}},
            {"$group": {"_id": "$item", "n": {"$sum": 1}, "mean": {"$avg": "$price"}}},
            {"$lookup": {"from": "items", "localField": "_id", "foreignField": "_id", "as": "item"}},
            {"$sort": {"_id": 1}},
        ]
    )
    assert list(groups) == [
        {"_id": 0, "n": 16, "mean": 17.25, "item": [{"_id": 0, "name": "tea"}]},
        {"_id": 1, "n": 17, "mean": 17.0, "item": [{"_id": 1, "name": "milk"}]},
        {"_id": 2, "n": 17, "mean": 17.5, "item": []},
    ]
    assert list(db.sales.aggregate([{"$unwind": "$tags"}, {"$sortByCount": "$tags"}])) == [
        {"_id": "a", "count": 40},
        {"_id": "b", "count": 20},
    ]
    assert len(list(db.sales.aggregate([{"$match": {}}], batchSize=7))) == 60


def test_results_are_written_to_collections(db: Database[Document]) -> None:
    db.c.insert_many({"_id": n, "k": n % 2} for n in range(10))
    db.target.create_index("n")
    db.target.insert_one({"_id": "old"})
    db.c.aggregate([{"$group": {"_id": "$k", "n": {"$sum": 1}}}, {"$out": "target"}])
    assert list(db.target.find(sort=[("_id", 1)])) == [{"_id": 0, "n": 5}, {"_id": 1, "n": 5}]
    assert [index["name"] for index in db.target.list_indexes()] == ["_id_", "n_1"]
    db.c.aggregate(
        [
            {"$match": {"_id": {"$in": [1, 2]}}},
            {"$project": {"seen": {"$literal": True}}},
            {"$merge": "target"},
        ]
    )
    assert list(db.target.find(sort=[("_id", 1)])) == [
        {"_id": 0, "n": 5},
        {"_id": 1, "n": 5, "seen": True},
        {"_id": 2, "seen": True},
    ]
    stage = {
        "into": "target",
        "whenMatched": [{"$set": {"n": {"$add": ["$n", "$$new._id"]}}}],
        "whenNotMatched": "discard",
    }
    db.c.aggregate([{"$match": {}}, {"$merge": stage}])
    assert db.target.find_one(1) == {"_id": 1, "n": 6, "seen": True}
    assert db.target.count_documents({}) == 3


def test_indexes(db: Database[Document]) -> None:
    db.c.insert_many({"_id": n, "a": n, "b": {"c": -n}} for n in range(100))
    assert db.c.create_index([("a", 1), ("b.c", -1)], unique=True) == "a_1_b.c_-1"
    assert db.c.create_index("sparse", sparse=True, name="s") == "s"
    db.c.create_index("a", partialFilterExpression={"a": {"$gt": 50}}, name="part")
    information = db.c.index_information()
    assert information["a_1_b.c_-1"] == {"v": 2, "key": [("a", 1), ("b.c", -1)], "unique": True}
    assert information["part"]["partialFilterExpression"] == {"a": {"$gt": 50}}
    with pytest.raises(DuplicateKeyError):
        db.c.insert_one({"a": 5, "b": {"c": -5}})
    plan = db.c.find({"a": 7}).explain()
    assert plan["queryPlanner"]["winningPlan"]["inputStage"]["stage"] == "IXSCAN"
    assert [d["_id"] for d in db.c.find({"a": {"$gt": 90, "$lte": 93}}).hint("a_1_b.c_-1")] == [91, 92, 93]
    with pytest.raises(OperationFailure) as conflict:
        db.c.create_index("other", name="s")
    assert conflict.value.code == 86
    db.c.drop_index("s")
    db.c.drop_indexes()
    assert list(db.c.index_information()) == ["_id_"]
    db.d.insert_many([{"x": 1}, {"x": 1}])
    with pytest.raises(DuplicateKeyError):
        db.d.create_index("x", unique=True)
    assert list(db.d.index_information()) == ["_id_"]


def test_the_catalog(mongo: MongoClient[Document], db: Database[Document]) -> None:
    db.create_collection("a", validator={"n": {"$gte": 0}})
    with pytest.raises(pymongo.errors.CollectionInvalid):
        db.create_collection("a")
    with pytest.raises(WriteError) as invalid:
        db.a.insert_one({"n": -1})
    assert invalid.value.code == 121
    db.a.insert_one({"n": -1, "_id": "forced"}, bypass_document_validation=True)
    db.a.delete_one({"_id": "forced"})
    db.a.insert_one({"n": 1})
    db.a.rename("b")
    assert db.list_collection_names() == ["b"]
    assert db.name in mongo.list_database_names()
    assert db.validate_collection("b")["valid"]
    assert db.command("collStats", "b")["count"] == 1
    assert db.command("dbStats")["objects"] == 1
    db.drop_collection("b")
    assert db.list_collection_names() == []


def test_files_of_gridfs(db: Database[Document]) -> None:
    content = bytes(range(256)) * 4_000
    fs = gridfs.GridFS(db)
    stored = fs.put(content, filename="penguins.bin", kind="raw")
    assert fs.get(stored).read() == content
    assert fs.find_one({"kind": "raw"}).filename == "penguins.bin"  # type: ignore[union-attr]
    bucket = gridfs.GridFSBucket(db, chunk_size_bytes=1_000)
    with bucket.open_upload_stream("small.bin") as stream:
        stream.write(content[:5_500])
    assert db.fs.chunks.count_documents({"files_id": stream._id}) == 6
    assert bucket.open_download_stream_by_name("small.bin").read() == content[:5_500]
    fs.delete(stored)
    assert not fs.exists(stored)


def test_sessions_and_concerns(mongo: MongoClient[Document], db: Database[Document]) -> None:
    with mongo.start_session(causal_consistency=True) as session:
        db.c.insert_one({"_id": 1}, session=session)
        assert session.operation_time is not None
        assert db.c.find_one({"_id": 1}, session=session) == {"_id": 1}
    with mongo.start_session(snapshot=True) as session:
        assert db.c.count_documents({}, session=session) == 1
        db.c.insert_one({"_id": 2})
        assert db.c.count_documents({}, session=session) == 1
    majority = db.get_collection("c", read_concern=ReadConcern("majority"))
    assert majority.count_documents({}) == 2
    db.get_collection("c", write_concern=pymongo.WriteConcern(w=0)).insert_one({"_id": 3})
    assert db.c.count_documents({}) == 3
    db.big.insert_many({"s": "x" * 60} for _ in range(20_000))
    with pytest.raises(ExecutionTimeout):
        list(db.big.find({"s": re.compile("(x+x+)+y")}).max_time_ms(1))


def test_many_threads_write_at_once(db: Database[Document]) -> None:
    db.c.insert_one({"_id": "counter", "n": 0})

    def work(worker: int) -> None:
        for n in range(25):
            db.c.update_one({"_id": "counter"}, {"$inc": {"n": 1}})
            db.c.insert_one({"worker": worker, "n": n})

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert db.c.find_one("counter") == {"_id": "counter", "n": 200}
    assert db.c.count_documents({"worker": {"$exists": True}}) == 200


def test_the_past_opens_by_name(mongo: MongoClient[Document], db: Database[Document]) -> None:
    reply = db.command("insert", "c", documents=[{"_id": 1, "v": "old"}])
    lsn = reply["argon"]["lsn"]
    db.c.update_one({"_id": 1}, {"$set": {"v": "new"}})
    for name in (f"{db.name}@main:{lsn}", f"{db.name}~main~{lsn}"):
        past = mongo[name]
        assert past.c.find_one() == {"_id": 1, "v": "old"}
        with pytest.raises(OperationFailure, match="READ_ONLY"):
            past.c.insert_one({"_id": 2})
    assert db.c.find_one() == {"_id": 1, "v": "new"}
    with pytest.raises(OperationFailure, match="no branch, pin or run") as missing:
        mongo[f"{db.name}@nowhere"].c.find_one()
    assert missing.value.code == 26
