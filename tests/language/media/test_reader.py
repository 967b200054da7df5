"""Pictures of items: from a folder, an address or the item itself; looked at once; what is not read
is told, and the rest is."""

import os
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foretaste.domain.cluster import Cluster
from foretaste.domain.data import Floats, Item
from foretaste.domain.ports import Bytes, MediaEncoder, Progress, no_progress
from foretaste.errors import MissingExtra
from foretaste.language.media import lite_encoder
from foretaste.language.media.decode_process import UnusableMedia
from foretaste.language.media.decoder import PictureDecoder
from foretaste.language.media.kinds import PICTURE
from foretaste.language.media.reader import AWAY_SECONDS, MediaReader, MediaVectors
from foretaste.language.media.readers import Fetch, picture_reader
from foretaste.language.media.settings import ImageSettings
from language.backwards import Backwards
from language.media.pictures import as_bytes, hostile_files, picture, write_all

GOOD = {f"{number}.jpg": as_bytes(picture(number)) for number in range(3)}


def nothing_fetched(address: str, *_: object, **limits: object) -> bytes:
    raise AssertionError(f"{address} is fetched")


class CountingEncoder:
    """An encoder that counts what it looks at, and can be stopped."""

    def __init__(self, encoder: MediaEncoder[Bytes]) -> None:
        self._encoder, self.seen = encoder, 0
        self.fingerprint, self.dim = encoder.fingerprint, encoder.dim
        self.text_encoder = encoder.text_encoder

    def encode(self, contents: Sequence[Bytes], progress: Progress = no_progress) -> Floats:
        self.seen += len(contents)
        return self._encoder.encode(contents, progress)


def decoder_of(reader: MediaReader[Bytes]) -> PictureDecoder:
    assert isinstance(reader._decoder, PictureDecoder)
    return reader._decoder


class Shop:
    """A folder of pictures, and readers of it."""

    def __init__(self, folder: Path, encoder: str) -> None:
        self.folder, self.cache = folder, folder.parent / "cache.sqlite"
        self.settings = ImageSettings(encoder=encoder, folder="shop", max_per_item=3)
        self.readers: list[MediaReader[Bytes]] = []
        self.cluster: Cluster | None = None

    def reader(self, get: Fetch = nothing_fetched, **changes: Any) -> MediaReader[Bytes]:
        settings = self.settings.model_copy(update=changes)
        opened = picture_reader(settings, self.folder.parent, self.cache, get, self.cluster)
        self.readers.append(opened)
        opened._opened = CountingEncoder(opened.encoder)
        return opened

    def read(self, *images: str, **changes: Any) -> MediaVectors:
        items = [Item(str(row), image=image) for row, image in enumerate(images)]
        return self.reader(**changes).read(items)

    @property
    def seen(self) -> int:
        """Pictures that the newest reader's encoder looked at."""
        encoder = self.readers[-1].encoder
        assert isinstance(encoder, CountingEncoder)
        return encoder.seen


@pytest.fixture
def shop(tmp_path: Path, clip_folder: Path) -> Iterator[Shop]:
    write_all(tmp_path / "shop", GOOD)
    opened = Shop(tmp_path / "shop", str(clip_folder))
    yield opened
    for reader in opened.readers:
        reader.close()


def test_pictures_become_vectors_once(shop: Shop) -> None:
    first = shop.read("0.jpg", "1.jpg", "0.jpg")
    assert shop.seen == 2
    assert np.linalg.norm(first.vectors, axis=1) == pytest.approx([1, 1, 1], abs=1e-4)
    assert np.array_equal(first.vectors[0], first.vectors[2])
    again = shop.read("0.jpg", "1.jpg", "0.jpg")
    assert shop.seen == 0
    assert np.array_equal(again.vectors, first.vectors)


def test_many_pictures_are_looked_at_by_a_cluster(shop: Shop) -> None:
    names = [f"{number}.jpg" for number in range(20)]
    pictures = {name: as_bytes(picture(number)) for number, name in enumerate(names)}
    write_all(shop.folder, pictures)
    shop.cluster = cluster = Backwards()
    shared = shop.read(*names)
    assert (shop.seen, cluster.parts_done) == (0, 2)
    shop.cluster, shop.cache = None, shop.cache.with_name("other.sqlite")
    np.testing.assert_allclose(shared.vectors, shop.read(*names).vectors, atol=1e-6)
    assert shop.seen == 20


def test_the_same_picture_elsewhere_is_not_looked_at_again(shop: Shop) -> None:
    first = shop.read("0.jpg")
    write_all(shop.folder / "new", {"a.jpg": GOOD["0.jpg"]})
    again = shop.read("new/a.jpg")
    assert shop.seen == 0
    assert np.array_equal(again.vectors, first.vectors)


def test_a_file_that_changed_is_looked_at_again(shop: Shop) -> None:
    first = shop.read("0.jpg")
    (shop.folder / "0.jpg").write_bytes(GOOD["1.jpg"])
    os.utime(shop.folder / "0.jpg", ns=(1, 1))
    changed = shop.read("0.jpg")
    assert shop.seen == 1
    assert not np.allclose(changed.vectors, first.vectors)


def test_several_pictures_are_one_vector_their_mean(shop: Shop) -> None:
    parts = shop.read("0.jpg", "1.jpg").vectors
    whole = shop.reader().read([Item("a", image="0.jpg", more_images=("1.jpg", "gone.jpg"))])
    mean = parts.mean(axis=0)
    assert np.allclose(whole.vectors[0], mean / np.linalg.norm(mean), atol=1e-5)
    assert [(failure.item, failure.reference) for failure in whole.failures] == [("a", "gone.jpg")]


def test_what_cannot_be_read_is_told_and_the_rest_is_read(shop: Shop) -> None:
    write_all(shop.folder, hostile_files())
    names = [*hostile_files(), "0.jpg"]
    read = shop.read(*names)
    assert [failure.reference for failure in read.failures] == names[:-1]
    assert not read.vectors[:-1].any()
    assert read.vectors[-1].any()
    reasons = [failure.reason for failure in read.failures]
    again = shop.read(*names)
    assert [failure.reason for failure in again.failures] == reasons
    assert decoder_of(shop.readers[-1])._process._process is None  # nothing was decoded again


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("../secret.jpg", "leads out of"),
        ("sub/../../secret.jpg", "leads out of"),
        ("/etc/passwd", "leads out of"),
        ("file:///etc/passwd", "leads out of"),
        ("link.jpg", "leads out of"),
        ("sub", "no file"),
        ("pipe.jpg", "no file"),
        ("gone.jpg", "no such file"),
        ("a\0b.jpg", "no such file"),
        ("x" * 5000, "no such file"),
        ("http://example.com/a.jpg", "images.fetch is false"),
        ("//example.com/a.jpg", "images.fetch is false"),
        ("data:image/png;base64,@@", "not whole"),
        ("data:image/png", "not whole"),
    ],
)
def test_what_may_not_be_read(shop: Shop, reference: str, reason: str) -> None:
    (shop.folder.parent / "secret.jpg").write_bytes(GOOD["0.jpg"])
    (shop.folder / "link.jpg").symlink_to(shop.folder.parent / "secret.jpg")
    (shop.folder / "sub").mkdir()
    os.mkfifo(shop.folder / "pipe.jpg")
    read = shop.read(reference)
    assert reason in read.failures[0].reason
    assert not read.vectors.any()


def test_a_path_within_the_folder_is_read_however_it_is_written(shop: Shop) -> None:
    whole = str((shop.folder / "0.jpg").resolve())
    read = shop.read("0.jpg", "./sub/../0.jpg", whole, f"file://{whole}")
    assert not read.failures
    assert np.allclose(read.vectors, read.vectors[0])


def test_a_picture_that_is_in_the_item_is_read_without_a_folder(shop: Shop) -> None:
    data = f"data:image/jpeg;base64,{b64encode(GOOD['0.jpg']).decode()}"
    read = shop.read(data, "0.jpg", folder=None)
    assert read.vectors[0].any()
    assert read.failures[0].reason == "it is a file, and images.folder is not set"


def test_what_is_too_large_is_not_even_read(shop: Shop) -> None:
    read = shop.read("0.jpg", max_bytes=1_000)
    assert "more than images.max_bytes = 1000" in read.failures[0].reason


class TestAddresses:
    @pytest.fixture
    def fetched(self) -> list[str]:
        return []

    def reader(self, shop: Shop, fetched: list[str]) -> MediaReader[Bytes]:
        def fetch(address: str, *_: object, **limits: object) -> bytes:
            fetched.append(address)
            if "away" in address:
                raise UnusableMedia("its server answered 503")
            return GOOD["0.jpg"]

        return shop.reader(fetch, fetch=True, folder=None)

    def test_each_is_fetched_once_ever(self, shop: Shop, fetched: list[str]) -> None:
        items = [Item("a", image="https://example.com/a"), Item("b", image="//example.com/b")]
        for _ in range(2):
            read = self.reader(shop, fetched).read(items)
            assert read.vectors.any(axis=1).all()
        assert fetched == ["https://example.com/a", "https://example.com/b"]

    def test_one_that_is_away_is_asked_again(self, shop: Shop, fetched: list[str]) -> None:
        items = [Item("a", image="https://example.com/away")]
        for _ in range(2):
            read = self.reader(shop, fetched).read(items)
            assert read.failures[0].reason == "its server answered 503"
        assert len(fetched) == 2

    def test_one_that_was_away_is_left_alone_for_a_day_but_by_a_training(
        self, shop: Shop, fetched: list[str]
    ) -> None:
        items = [Item("a", image="https://example.com/away")]
        reader = self.reader(shop, fetched)
        reader.read(items)
        for reach in ("cache", "files", "new"):
            read = reader.read(items, reach=reach)
            assert (read.unread, read.failures[0].reason) == ((), "its server answered 503")
        assert len(fetched) == 1
        now = reader._clock()
        reader._clock = lambda: now + AWAY_SECONDS + 1
        assert reader.read(items, reach="files").unread == (0,)
        reader.read(items, reach="new")
        assert len(fetched) == 2

    def test_nothing_is_fetched_where_only_what_is_known_is_wanted(
        self, shop: Shop, fetched: list[str]
    ) -> None:
        items = [Item("a", image="https://example.com/a"), Item("b")]
        reader = self.reader(shop, fetched)
        read = reader.read(items, reach="cache")
        assert (read.unread, fetched, shop.seen) == ((0,), [], 0)
        reader.read(items)
        assert not reader.read(items, reach="cache").unread


def test_reading_goes_on_from_where_it_was_stopped(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_by_one = replace(PICTURE, files_per_commit=1)
    monkeypatch.setattr("foretaste.language.media.readers.PICTURE", one_by_one)
    items = [Item(name, image=name) for name in GOOD]

    def stop(task: str, done: int, total: int, note: str = "") -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shop.reader().read(items, stop)
    shop.reader().read(items)
    assert shop.seen == 1


class TestWhetherToLook:
    def test_not_where_nothing_may_be_read(self, shop: Shop) -> None:
        assert not shop.reader(folder=None).can_read([Item("a", image="0.jpg")])
        assert not shop.reader().can_read([Item("a")])
        assert not picture_reader(
            ImageSettings(encoder="", folder="shop"), shop.folder.parent, shop.cache
        ).can_read([Item("a", image="0.jpg")])

    def test_a_missing_extra_is_told_where_pictures_were_asked_for(
        self, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lite_encoder, "MODULE", "not_installed_here")
        asked = picture_reader(ImageSettings(folder="shop"), shop.folder.parent, shop.cache)
        with pytest.raises(MissingExtra, match=r"foretaste\[vision\]"):
            asked.can_read([Item("a", image="0.jpg")])
        unasked = picture_reader(ImageSettings(), shop.folder.parent, shop.cache)
        assert not unasked.can_read([Item("a", image="data:image/png;base64,AA==")])


def test_one_picture_is_looked_at_without_being_kept(shop: Shop) -> None:
    reader = shop.reader()
    expected = reader.read([Item("a", image="0.jpg")]).vectors[0]
    assert np.allclose(reader.read_content(GOOD["0.jpg"])[0], expected, atol=1e-5)
    with pytest.raises(UnusableMedia, match="no picture"):
        reader.read_content(b"PK")
