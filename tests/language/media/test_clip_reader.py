"""Clips of items: heard once, by content; what cannot be read is told, and the rest is read."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from foretaste.domain.data import Floats, Item
from foretaste.language.media.decoder import ClipDecoder
from foretaste.language.media.reader import MediaReader, MediaVectors
from foretaste.language.media.readers import clip_reader
from foretaste.language.media.settings import AudioSettings
from language.media.clips import as_wav, hostile_clips, tones, write_all

pytest.importorskip("av", reason="PyAV is not installed; pip install 'foretaste[audio]'")
LONG = np.concatenate([tones(3, 5), tones(4, 15)])


class Radio:
    """A folder of clips, and what reads it."""

    def __init__(self, folder: Path, encoder: str) -> None:
        self.folder = folder
        self.settings = AudioSettings(encoder=encoder, folder="clips", max_windows=2)

    def reader(self, max_windows: int = 2) -> MediaReader[Floats]:
        settings = self.settings.model_copy(update={"max_windows": max_windows})
        return clip_reader(settings, self.folder, self.folder / "cache.sqlite")

    def read(self, *clips: str, max_windows: int = 2) -> tuple[MediaVectors, bool]:
        """What was read, and whether anything was decoded for it."""
        with closing(self.reader(max_windows)) as reader:
            media = reader.read([Item(str(row), audio=clip) for row, clip in enumerate(clips)])
            assert isinstance(reader._decoder, ClipDecoder)
            return media, reader._decoder._process._process is not None


@pytest.fixture
def radio(tmp_path: Path, audio_folders: dict[str, str]) -> Radio:
    files = {"1.wav": as_wav(tones(1)), "2.wav": as_wav(tones(2)), "long.wav": as_wav(LONG)}
    write_all(tmp_path / "clips", files)
    return Radio(tmp_path, audio_folders["wav2vec2"])


def test_clips_become_vectors_once(radio: Radio) -> None:
    first, _ = radio.read("1.wav", "2.wav", "1.wav")
    assert np.linalg.norm(first.vectors, axis=1) == pytest.approx([1, 1, 1], abs=1e-4)
    assert not np.allclose(first.vectors[0], first.vectors[1])
    (radio.folder / "clips" / "copy.wav").write_bytes(as_wav(tones(1)))
    again, has_decoded = radio.read("1.wav", "2.wav", "copy.wav")
    assert not has_decoded
    assert np.array_equal(again.vectors, first.vectors)


def test_what_is_read_in_part_is_told_each_time(radio: Radio) -> None:
    for decodes in (True, False):
        media, has_decoded = radio.read("long.wav")
        assert has_decoded == decodes
        (failure,) = media.failures
        assert (failure.item, failure.reference, failure.is_partial) == ("0", "long.wav", True)
        assert failure.reason == "of its 20 seconds 2 windows of 5 were heard"
        assert media.vectors.any()


def test_with_more_windows_it_is_heard_again(radio: Radio) -> None:
    part, _ = radio.read("long.wav")
    whole, has_decoded = radio.read("long.wav", max_windows=4)
    assert has_decoded
    assert not whole.failures
    assert not np.allclose(part.vectors, whole.vectors)


def test_hostile_files_are_told_and_the_rest_is_read(radio: Radio) -> None:
    hostile = hostile_clips()
    write_all(radio.folder / "clips", {name: content for name, (content, _) in hostile.items()})
    names = [*hostile, "../secret.wav", "http://example.com/a.mp3", "1.wav"]
    for decodes in (True, False):
        media, has_decoded = radio.read(*names)
        assert has_decoded == decodes
        assert media.vectors.any(axis=1).tolist() == [False] * (len(names) - 1) + [True]
        told = {failure.reference: failure.reason for failure in media.failures}
        assert list(told) == names[:-1]
        assert all(reason in told[name] for name, (_, reason) in hostile.items())
        assert "leads out of audio.folder" in told["../secret.wav"]
        assert "audio.fetch is false" in told["http://example.com/a.mp3"]


def test_reading_goes_on_from_where_it_was_stopped(radio: Radio) -> None:
    names = [f"{number}.wav" for number in range(6)]
    write_all(radio.folder / "clips", {name: as_wav(tones(row)) for row, name in enumerate(names)})

    def stop(task: str, done: int, total: int, note: str = "") -> None:
        assert (task, total) == ("listening to clips", 6)
        raise KeyboardInterrupt

    with closing(radio.reader()) as reader, pytest.raises(KeyboardInterrupt):
        reader.read([Item(name, audio=name) for name in names], stop)
    with closing(radio.reader()) as reader:
        media = reader.read([Item(name, audio=name) for name in names], reach="cache")
        assert media.unread == (4, 5)


def test_peaks_are_found_once_and_a_cache_of_before_is_completed(radio: Radio) -> None:
    with closing(radio.reader()) as reader:
        reader.peak_finder = None  # as it was before there were any
        before = reader.read([Item("0", audio="1.wav"), Item("1", audio="long.wav")])
    with closing(radio.reader()) as reader:
        items = [Item("0", audio="1.wav"), Item("1", audio="long.wav"), Item("2")]
        known = reader.read(items, reach="cache")
        assert np.array_equal(known.vectors[:2], before.vectors)
        assert (known.unread, known.peaks) == ((0, 1), (b"", b"", b""))

        def forbidden(inputs: object) -> Floats:
            raise AssertionError("what is known is not listened to again")

        reader._encode = forbidden  # type: ignore[method-assign]
        whole = reader.read(items)
    assert np.array_equal(whole.vectors, known.vectors)
    assert [bool(peaks) for peaks in whole.peaks] == [True, True, False]
    assert [failure.is_partial for failure in whole.failures] == [True]
    again, has_decoded = radio.read("1.wav", "long.wav")
    assert not has_decoded
    assert again.peaks == whole.peaks[:2]
