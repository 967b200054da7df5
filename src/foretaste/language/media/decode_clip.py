"""In: the bytes of a clip. Out: samples of one channel, in windows one after another. Run in the
process that decodes, see `decode_process`.

A clip that is longer than its windows together is not decoded as a whole: the place of each window
is looked up in the file, so that an hour takes no longer than a minute. The first bytes say what
reads the file: FFmpeg's readers of playlists and the like, which open other files, are never asked.
"""

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from foretaste.language.media.decode_process import BROKEN, Decoded, UnusableMedia
from foretaste.language.media.windows import WINDOW_SECONDS, spread_starts

if TYPE_CHECKING:
    from av import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer

SAMPLE_BYTES = 2
MAX_CHANNELS = 8
MAX_SILENT_SAMPLE = 16
"""Of 32,767: a clip without a louder sample is silent."""
MIN_SECONDS = 0.1
MAX_MISSING_SECONDS = 1.0
"""By which a clip may be shorter than its file says before that is told."""
FORMATS = "wav,aiff,mov,mp4,m4a,3gp,3g2,mj2,ogg,flac,matroska,webm,mp3,aac"
"""FFmpeg's names of what may read a file."""
NO_CLIP = "it is no clip that is read here (mp3, wav, ogg, flac, m4a, aac, aiff, webm)"
NO_SOUND = "there is no sound in it"
SILENT = "it is silent"


def demuxer_name(content: bytes) -> str:
    """FFmpeg's name of what reads such a file. Raises UnusableMedia."""
    if content[:4] in (b"RIFF", b"RF64") and content[8:12] == b"WAVE":
        return "wav"
    if content[:4] == b"FORM" and content[8:11] == b"AIF":
        return "aiff"
    if content[4:8] == b"ftyp":
        return "mp4"
    marks = (b"OggS", "ogg"), (b"fLaC", "flac"), (b"\x1aE\xdf\xa3", "matroska"), (b"ID3", "mp3")
    for mark, name in marks:
        if content.startswith(mark):
            return name
    if len(content) > 1 and content[0] == 0xFF and content[1] & 0xE0 == 0xE0:
        return "mp3" if content[1] & 0x06 else "aac"  # the layer, which AAC does not have
    raise UnusableMedia(NO_CLIP)


def decode(content: bytes, max_windows: int, rate: int) -> Decoded:
    """→ [samples] of 16 bits, `rate` a second, in whole windows but for the last."""
    import av

    name = demuxer_name(content)
    try:
        with av.open(
            io.BytesIO(content), format=name, container_options={"format_whitelist": FORMATS}
        ) as container:
            return _decode_container(container, max_windows, rate)
    except av.FFmpegError:
        raise UnusableMedia(BROKEN) from None


def _decode_container(container: "InputContainer", max_windows: int, rate: int) -> Decoded:
    if not container.streams.audio:
        raise UnusableMedia(NO_SOUND)
    stream = container.streams.audio[0]
    if stream.channels > MAX_CHANNELS:
        raise UnusableMedia(f"it has {stream.channels} channels, and {MAX_CHANNELS} are read")
    stream.codec_context.thread_count = 1
    seconds = _seconds(container, stream)
    longest = max_windows * WINDOW_SECONDS
    is_spread = seconds is not None and seconds > longest + WINDOW_SECONDS
    if is_spread and seconds is not None:
        starts = spread_starts(seconds, max_windows)
        samples = b"".join(_window(container, stream, start, rate) for start in starts)
    else:
        samples = b"".join(_samples(_frames(container, stream), longest * rate, rate))
    heard = len(samples) / SAMPLE_BYTES / rate
    if heard < MIN_SECONDS:
        raise UnusableMedia(_nothing_heard(seconds))
    if _is_silent(samples):
        raise UnusableMedia(SILENT)
    note = ""
    if is_spread:
        n_windows = round(heard / WINDOW_SECONDS)
        note = f"of its {seconds:,.0f} seconds {n_windows} windows of {WINDOW_SECONDS} were heard"
    elif seconds is None and heard >= longest:
        note = f"its first {longest} seconds were heard: its file does not say how long it is"
    elif seconds is not None and heard < min(seconds, longest) - MAX_MISSING_SECONDS:
        note = f"its data end after {heard:,.1f} of {seconds:,.1f} seconds, which were heard"
    return Decoded(samples, len(samples) // SAMPLE_BYTES, 1, note)


def _nothing_heard(seconds: float | None) -> str:
    if not seconds:
        return NO_SOUND
    return BROKEN if seconds >= MIN_SECONDS else f"it is shorter than {MIN_SECONDS} seconds"


def _seconds(container: "InputContainer", stream: "AudioStream") -> float | None:
    """How long the file says it is; None where it does not."""
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return None if container.duration is None else container.duration / 1e6


def _frames(container: "InputContainer", stream: "AudioStream") -> "Iterator[AudioFrame]":
    """Up to the first that is damaged."""
    import av

    try:
        yield from container.decode(stream)
    except (av.FFmpegError, ValueError):
        return


def _samples(frames: "Iterator[AudioFrame]", most: int, rate: int) -> Iterator[bytes]:
    """Of one channel, so many at most."""
    from av import AudioResampler

    resampler, left = AudioResampler("s16", "mono", rate), most * SAMPLE_BYTES
    for frame in _with_end(frames):
        for part in resampler.resample(frame):
            content = bytes(part.planes[0])[: min(part.samples * SAMPLE_BYTES, left)]
            left -= len(content)
            yield content
        if left <= 0:
            return


def _with_end(frames: "Iterator[AudioFrame]") -> "Iterator[AudioFrame | None]":
    yield from frames
    yield None


def _window(container: "InputContainer", stream: "AudioStream", start: float, rate: int) -> bytes:
    """The window from that second on; nothing where there is none."""
    import av

    size = WINDOW_SECONDS * rate
    try:
        container.seek(int(start * 1e6))
    except av.FFmpegError:
        return b""
    frames = (
        frame
        for frame in _frames(container, stream)
        if frame.time is None or frame.time + frame.samples / frame.sample_rate > start
    )
    content = b"".join(_samples(frames, size, rate))
    return content.ljust(size * SAMPLE_BYTES, b"\0") if content else b""


def _is_silent(samples: bytes) -> bool:
    numbers = memoryview(samples).cast("h")
    return max(numbers) <= MAX_SILENT_SAMPLE and min(numbers) >= -MAX_SILENT_SAMPLE
