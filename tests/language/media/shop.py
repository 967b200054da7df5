"""A workspace whose items have covers, but for one of them, and vectors."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from foretaste import Foretaste

from .pictures import as_bytes, picture, write_all

SETTINGS = '[images]\nfolder = "covers"\n[model]\nexperts = ["popularity", "media"]\n'


def cover(name: str) -> Image.Image:
    """Of a theme one picture, a little different for each item."""
    theme, _, number = name.partition("-")
    base = picture(1 if theme == "space" else 2)
    return Image.blend(base, picture(10 + int(number)), 0.3)


def make_pictured(folder: Path, items: pd.DataFrame, events: pd.DataFrame) -> None:
    """Imported and trained; the file of space-9 is no picture."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "foretaste.toml").write_text(SETTINGS)
    write_all(folder / "covers", {f"{name}.jpg": as_bytes(cover(name)) for name in items["id"]})
    (folder / "covers" / "space-9.jpg").write_bytes(b"PK no picture")
    rng = np.random.default_rng(0)
    mood: list[Any] = [
        (rng.normal(size=8) * 0.1 + (name.startswith("space") * 2 - 1)).tolist()
        for name in items["id"]
    ]
    images = [f"{name}.jpg" for name in items["id"]]
    loop = Foretaste.open(folder)
    loop.add(items=items.assign(image=images, mood=mood), events=events)
    loop.train()
    loop.close()
