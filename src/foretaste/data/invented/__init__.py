"""Invented data of four trades: a moment and a size in, items, people and what they did out.

Nothing here is of real people or shops. What is real are the rhythms: when in a day people come,
how fast news ages, how often a track is played again, after how long coffee is used up. They are
drawn at random with a seed, so that the same moment gives the same data.
"""

from collections.abc import Callable, Mapping

from foretaste.data.invented.market import invented_shop
from foretaste.data.invented.music_service import invented_music
from foretaste.data.invented.newspaper import invented_news
from foretaste.data.invented.records import InventedData as InventedData
from foretaste.data.invented.streaming import invented_video

INVENTED_DATA: Mapping[str, Callable[..., InventedData]] = {
    "shop": invented_shop,
    "video": invented_video,
    "news": invented_news,
    "music": invented_music,
}
"""Recipe → (the moment at which the data end, people) → the data."""
