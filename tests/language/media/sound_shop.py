"""A workspace whose items have clips of sound, but for one of them."""

from pathlib import Path

import numpy as np
import pandas as pd

from foretaste import Foretaste
from foretaste.domain.data import Floats

from .clips import as_wav, tones, write_all

SETTINGS = '[audio]\nfolder = "clips"\n[model]\nexperts = ["popularity", "media", "audio_match"]\n'


def tune(name: str) -> Floats:
    """Of a theme one tune, a little different for each item."""
    theme, _, number = name.partition("-")
    base = tones(1 if theme == "space" else 2)
    return np.asarray(0.6 * base + 0.4 * tones(10 + int(number)), np.float32)


def make_sounding(folder: Path, items: pd.DataFrame, events: pd.DataFrame) -> None:
    """Imported and trained; the file of space-9 is no clip."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "foretaste.toml").write_text(SETTINGS)
    write_all(folder / "clips", {f"{name}.wav": as_wav(tune(name)) for name in items["id"]})
    (folder / "clips" / "space-9.wav").write_bytes(b"PK no clip")
    loop = Foretaste.open(folder)
    loop.add(items=items.assign(audio=[f"{name}.wav" for name in items["id"]]), events=events)
    loop.train()
    loop.close()
