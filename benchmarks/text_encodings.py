"""Which library tells the encodings of catalogues: of 33 texts, each once and 30 times over, those
of which every letter is right. Needs charset-normalizer besides.

    python -m benchmarks.text_encodings
"""

from collections.abc import Callable

import chardet
from charset_normalizer import from_bytes

from foretaste.behaviour.files.encoding import CANDIDATES, detect_encoding

TEXTS: dict[str, str] = {
    "latin-1 cp1252 mac_roman cp850": (
        "id,titre,genre\n1,Le café à côté,Comédie\n2,Fenêtre sur été,Drame\n"
        "3,Où est passé Noël ?,Comédie\n"
    ),
    "latin-1 cp1252 cp850 mac_roman": (
        "id;name;preis\n1;Gürtel schwarz;8,79\n2;Schuhe groß;9,99\n3;Mütze;5,00\n"
    ),
    "latin-1": "user,text\nbob,café\n",
    "cp1252": "id,title\n1,Don’t look now – really\n2,It’s “fine”\n3,€5 bag\n",
    "latin-1 cp1252": "id,titulo\n1,El niño y la montaña\n2,Corazón\n3,¿Qué pasó?\n",
    "cp1250 iso8859_2": "id,nazwa\n1,Żółta łódź podwodna\n2,Święty źrebak\n3,Gęś\n",
    "iso8859_2 cp1250": "id,nazev\n1,Příběh koně\n2,Žlutý kůň\n3,Šťastný den\n",
    "cp1251 koi8_r cp866": (
        "id,название\n1,Война и мир\n2,Анна Каренина\n3,Преступление и наказание\n"
    ),
    "cp1253 iso8859_7": "id,τίτλος\n1,Ο άνθρωπος\n2,Η θάλασσα και ο ήλιος\n",
    "cp1254 iso8859_9": "id,ad\n1,Kırmızı şapka\n2,Çiçek güneş\n3,İstanbul ğ\n",
    "shift_jis euc_jp iso2022_jp": (
        "id,タイトル\n1,千と千尋の神隠し\n2,となりのトトロ\n3,もののけ姫\n"
    ),
    "gb18030 gbk big5": "id,标题\n1,卧虎藏龙\n2,红楼梦\n3,西游记\n",
    "euc_kr cp949": "id,제목\n1,기생충\n2,올드보이\n3,살인의 추억\n",
    "cp1255": "id,שם\n1,שלום עולם\n2,ספר טוב\n",
    "latin-1 ": "id,namn\n1,Röda båten\n2,Ærø og Øland\n3,Smörgås\n",
}
Detector = Callable[[bytes], str | None]


def charset_normalizer(content: bytes) -> str | None:
    """By all encodings that it knows."""
    match = from_bytes(content).best()
    return None if match is None else match.encoding


def charset_normalizer_of_candidates(content: bytes) -> str | None:
    """By those of shops."""
    names = [name.replace("-", "_") for name in CANDIDATES]
    match = from_bytes(content, cp_isolation=names).best()
    return None if match is None else match.encoding


def chardet_of_all(content: bytes) -> str | None:
    """By all encodings that it knows."""
    return chardet.detect(content)["encoding"]


def chardet_of_candidates(content: bytes) -> str | None:
    """By those of shops."""
    return chardet.detect(
        content, include_encodings=CANDIDATES, prefer_superset=True, compat_names=False
    )["encoding"]


def foretaste(content: bytes) -> str | None:
    """Chardet's verdict, with a look at the words that it gives."""
    return detect_encoding([content]).name


def count_right(detect: Detector) -> tuple[int, int]:
    """(texts that are read rightly, texts)."""
    right = count = 0
    for encodings, text in TEXTS.items():
        for encoding in encodings.split():
            for repetitions in (1, 30):
                content = (text * repetitions).encode(encoding, "ignore")
                name = detect(content) or "ascii"
                expected = content.decode(encoding)
                right += content.decode(name, "replace") == expected
                count += 1
    return right, count


def main() -> None:
    """Print the figures of docs/decisions/0021-files.md."""
    for detect in (
        charset_normalizer,
        charset_normalizer_of_candidates,
        chardet_of_all,
        chardet_of_candidates,
        foretaste,
    ):
        right, count = count_right(detect)
        print(f"{detect.__name__}: {right} of {count}")


if __name__ == "__main__":
    main()
