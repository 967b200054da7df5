"""Objects of a real S3 server in, each of their rows once in the store out."""

import gzip
import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.store import SqlStore
from foretaste.consume.consumer_status import ConsumerStatus
from foretaste.consume.object_bucket import ObjectBucket
from foretaste.consume.source_table import open_source
from foretaste.consume.stream_source import SourceError
from foretaste.errors import InputError

from .consumed import consumed, counts, event_ids, rejects
from .s3_server import NEEDS_S3, S3Server
from .test_watched_folder import lines


def bucket(server: S3Server, prefix: str, records: str = "events") -> ObjectBucket:
    return ObjectBucket(server.address(prefix), records, BehaviourSettings(), list_seconds=0.0)


def read(
    store: SqlStore, folder: Path, source: ObjectBucket, records: str = "events", **settings: Any
) -> ConsumerStatus:
    return consumed(store, source, folder, records, **settings)


@NEEDS_S3
def test_objects_in_the_order_of_their_keys_each_row_once(
    s3_server: S3Server, store: SqlStore, tmp_path: Path
) -> None:
    frame = pd.DataFrame({"event_id": ["f", "g"], "user": [1, 2], "item": ["i", "i"]})
    parquet = io.BytesIO()
    frame.to_parquet(parquet)
    s3_server.put("order/2026/2.jsonl", lines("d", "e").encode())
    s3_server.put("order/2026/1.csv", b"userId,itemId,event_id\nu,i,a\nu,i,b\nu,i,c\n")
    s3_server.put("order/2027/3.parquet", parquet.getvalue())
    s3_server.put("order/4.jsonl.gz", gzip.compress(lines("h").encode()))
    s3_server.put("order/_temporary/5.jsonl", lines("x").encode())
    s3_server.put("order/readme.txt", b"not a table")
    s3_server.put("orders/1.jsonl", lines("x").encode())

    assert counts(read(store, tmp_path, bucket(s3_server, "order"))) == (8, 0, 0)
    assert event_ids(store) == list("abcdefgh")
    s3_server.put("order/0.csv", b"user,item,event_id\nu,i,late\n")
    assert bucket_lag(s3_server, "order", store) == 1
    assert counts(read(store, tmp_path, bucket(s3_server, "order"))) == (9, 0, 0)
    assert counts(read(store, tmp_path, bucket(s3_server, "order"))) == (9, 0, 0)
    source = bucket(s3_server, "order")
    assert counts(read(store, tmp_path, source, start="beginning")) == (9, 9, 0)
    source = bucket(s3_server, "order")
    assert counts(read(store, tmp_path, source, start="2027/3.parquet")) == (9, 9 + 3, 0)


def bucket_lag(server: S3Server, prefix: str, store: SqlStore) -> int | None:
    source = bucket(server, prefix)
    source.resume(lambda part: store.meta_text(f"consumed:{source.name}/{part}"), None)
    lag = source.lag()
    source.close()
    return lag


@NEEDS_S3
def test_an_object_goes_on_amid_and_one_that_is_replaced_begins_anew(
    s3_server: S3Server, store: SqlStore, tmp_path: Path
) -> None:
    rows = [f'{{"user":"u","item":"i","at":{1_700_000_000 + n}}}\n' for n in range(5)]
    s3_server.put("amid/a.jsonl", "".join(rows).encode())
    source = bucket(s3_server, "amid")
    source.resume(lambda _: None, None)
    first = source.read(2, 0.0)
    source.close()
    assert first is not None

    source = bucket(s3_server, "amid")
    source.resume(lambda _: first.position, None)
    entries = [row.entry for batch in iter(lambda: source.read(2, 0.0), None) for row in batch.rows]
    etag = first.rows[0].entry.removeprefix("a.jsonl@").partition(":")[0]
    assert entries == [f"a.jsonl@{etag}:{len(''.join(rows[:n]))}" for n in (2, 3, 4)]
    source.close()

    assert counts(read(store, tmp_path, bucket(s3_server, "amid"))) == (5, 0, 0)
    s3_server.put("amid/a.jsonl", "".join(rows).encode())  # the same once more
    assert counts(read(store, tmp_path, bucket(s3_server, "amid"))) == (5, 0, 0)
    s3_server.put("amid/a.jsonl", "".join(rows[:2]).encode())
    assert counts(read(store, tmp_path, bucket(s3_server, "amid"))) == (7, 0, 0)


@NEEDS_S3
def test_bad_rows_and_bad_objects(s3_server: S3Server, store: SqlStore, tmp_path: Path) -> None:
    s3_server.put("bad/1.jsonl", (lines("a") + 'not json\n{"user": "u", "it').encode())
    s3_server.put("bad/2.parquet", b"PAR1 cut off")
    assert counts(read(store, tmp_path, bucket(s3_server, "bad"))) == (1, 0, 3)
    assert [row["entry"].partition("@")[0] for row in rejects(tmp_path)] == [
        "1.jsonl",
        "1.jsonl",
        "2.parquet",
    ]


@NEEDS_S3
def test_a_feed_of_items_with_deletions(
    s3_server: S3Server, store: SqlStore, tmp_path: Path
) -> None:
    s3_server.put("items/1.csv", b"item_id,name,genre,deleted\na,First,x,\nb,Second,y,no\n")
    s3_server.put("items/2.csv", b"item_id,deleted\na,true\n")
    status = read(store, tmp_path, bucket(s3_server, "items", "items"), "items")
    assert counts(status) == (3, 0, 0)
    ((_, item),) = store.items()
    assert (item.id, item.title, item.attributes) == ("b", "Second", {"genre": ("y",)})


@NEEDS_S3
def test_an_object_that_is_deleted_before_it_is_read(s3_server: S3Server) -> None:
    s3_server.put("gone/1.jsonl", lines("a").encode())
    s3_server.put("gone/2.jsonl", lines("b").encode())
    source = bucket(s3_server, "gone")
    source.resume(lambda _: None, None)
    assert source.lag() == 2
    s3_server.delete("gone/1.jsonl")
    batch = source.read(10, 0.0)
    assert batch is not None
    assert [row.content["event_id"] for row in batch.rows] == ["b"]
    source.close()


@NEEDS_S3
def test_no_such_bucket_and_no_server(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server.endpoint)
    source = ObjectBucket("s3://nowhere", "events", BehaviourSettings())
    with pytest.raises(SourceError, match="there is no bucket nowhere"):
        source.resume(lambda _: None, None)
    source.close()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    source = ObjectBucket("s3://shop", "events", BehaviourSettings())
    with pytest.raises(SourceError, match=r"s3/shop cannot be read: .*Could not connect"):
        source.resume(lambda _: None, None)
    source.close()


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("s3://key:secret@shop/events", "the address of a bucket has no keys in it; set AWS_"),
        ("s3:///events", "no address of a bucket; write it like s3://bucket/prefix"),
        ("s3://shop/events?endpont=http://minio", "no address of a bucket"),
        ("s3://shop/events?endpoint=minio:9000", "endpoint=minio:9000 is no URL"),
    ],
)
def test_what_cannot_be_a_bucket(address: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem) as raised:
        open_source(address, "events", BehaviourSettings())
    assert "secret" not in str(raised.value)
