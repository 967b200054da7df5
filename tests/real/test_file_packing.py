"""Encodings, compressed files, archives and workbooks."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from foretaste.behaviour.files.encoding import detect_encoding
from foretaste.behaviour.rows import open_table
from foretaste.domain.data import RejectedRow
from foretaste.errors import InputError

from .file_reader import events_of, import_bytes, import_path, items_of
from .file_workbook import Cell, write_ods, write_xlsx

EVENTS = "user,item,kind,at\nann,tent,view,20250301\nbob,mat,purchase,20250302\n"
ANN_AND_BOB = [("ann", "tent", "view"), ("bob", "mat", "purchase")]
FRENCH = (
    "id,title,genre\n1,Le café à côté,Comédie\n2,Fenêtre sur l’été,Drame\n3,Où est Noël,Drame\n"
)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", FRENCH),
        ("latin-1", FRENCH.replace("’", "'")),
        ("mac_roman", FRENCH),
        ("utf-16", FRENCH),
        ("utf-16-le", FRENCH),
        ("utf-16-be", FRENCH),
        ("utf-32", FRENCH),
        ("utf-8-sig", FRENCH),
        ("cp1250", "id,title\n1,Żółta łódź podwodna\n2,Święty źrebak\n3,Gęś i wąż\n"),
        ("cp1251", "id,title\n1,Война и мир\n2,Анна Каренина\n3,Преступление и наказание\n"),
        ("koi8_r", "id,title\n1,Война и мир\n2,Анна Каренина\n3,Преступление и наказание\n"),
        ("cp1253", "id,title\n1,Ο άνθρωπος\n2,Η θάλασσα και ο ήλιος\n"),
        ("cp1254", "id,title\n1,Kırmızı şapka\n2,Çiçek güneş\n3,İstanbul ğ\n"),
        ("shift_jis", "id,title\n1,千と千尋の神隠し\n2,となりのトトロ\n3,もののけ姫\n"),
        ("gb18030", "id,title\n1,卧虎藏龙\n2,红楼梦\n3,西游记\n"),
        ("euc_kr", "id,title\n1,기생충\n2,올드보이\n3,살인의 추억\n"),
        ("cp1252", "id,title\n1,Café\n"),
        ("cp1252", "id,title\n1,Cafe naïve\n2,12 €\n"),
        ("cp1252", "id,title\n1,Café 3\n2,Bröt 4\n"),
        ("cp850", "id,title\n1,Señor\n2,niño\n"),
        ("shift_jis", "id,title\n1,日本語iPhoneケース\n"),
        ("gb18030", "id,title\n1,中文iPhone手机壳\n"),
    ],
)
def test_every_letter_is_what_it_was(tmp_path: Path, encoding: str, text: str) -> None:
    imported, store = import_bytes(tmp_path, "items.csv", text.encode(encoding), "items")
    titles = [item.title for item in items_of(store).values()]
    assert titles == [line.split(",")[1] for line in text.splitlines()[1:]]
    assert bool(imported.warnings and "read as" in imported.warnings[0]) == (
        encoding != "utf-8-sig"
    ), "what was not sure is said"


def test_an_encoding_of_the_settings(tmp_path: Path) -> None:
    content = "id,title\n1,Groß\n".encode("cp437")
    settings = {"files": {"items.csv": {"encoding": "cp437"}}}
    _, store = import_bytes(tmp_path, "items.csv", content, "items", settings=settings)
    assert items_of(store)["1"].title == "Groß"
    settings = {"files": {"items.csv": {"encoding": "klingon"}}}
    with pytest.raises(InputError, match=r"names no encoding: 'klingon'; write e\.g\. cp1252"):
        import_bytes(tmp_path, "items.csv", content, "items", settings=settings)


def test_the_first_other_letter_may_come_late(tmp_path: Path) -> None:
    """The whole file is looked at, not its beginning."""
    rows = [f"{n},Tent {n}" for n in range(30_000)]
    content = "\n".join(["id,title", *rows, "x,Café", "y,Über"]).encode("cp1252")
    imported, store = import_bytes(tmp_path, "items.csv", content, "items")
    assert (items_of(store)["x"].title, items_of(store)["y"].title) == ("Café", "Über")
    assert "read as cp1252, e.g. Café, Über" in imported.warnings[0]


def test_utf8_with_a_broken_row_stays_utf8() -> None:
    assert detect_encoding(["é,ü\n".encode() * 9 + b"caf\xe9\n"]).name == "utf-8"
    assert (
        detect_encoding(["é,ü\n".encode() + b"caf\xe9,na\xefve,Z\xfcrich\n" * 99]).name == "cp1252"
    )


def zstd(content: bytes) -> bytes:
    packed = pa.BufferOutputStream()
    with pa.CompressedOutputStream(packed, "zstd") as stream:
        stream.write(content)
    return packed.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("events.csv.gz", gzip.compress),
        ("events.csv.bz2", bz2.compress),
        ("events.csv.zst", zstd),
        ("events.csv.xz", lzma.compress),
        ("events.csv", gzip.compress),  # the name says nothing of it
        ("events.csv.gz", bytes),  # nor is it true
    ],
)
def test_compressed_files(tmp_path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    _, store = import_bytes(tmp_path, name, pack(EVENTS.encode()))
    assert events_of(store) == ANN_AND_BOB


@pytest.mark.parametrize("pack", [bz2.compress, zstd, lzma.compress])
def test_what_is_before_a_cut_goes_in(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    lines = [f"u{n},i{n * 7919 % 10007},view,{n}\n" for n in range(100_000)]
    whole = pack("".join(["user,item,kind,at\n", *lines]).encode())
    (tmp_path / "events.csv").write_bytes(whole[: len(whole) // 2])
    with open_table(tmp_path / "events.csv") as table:
        rows = [row for _, row in table.rows]
    assert len(rows) > 10_000
    assert isinstance(rows[-1], RejectedRow)
    assert rows[-1].problem == "the compressed file is cut off here"


def zip_of(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()


def test_a_zip_file_with_one_table(tmp_path: Path) -> None:
    content = zip_of(
        {"shop/README.md": "x", "shop/events.csv": EVENTS, "__MACOSX/._events.csv": "x"}
    )
    _, store = import_bytes(tmp_path, "export.zip", content)
    assert events_of(store) == ANN_AND_BOB


def test_a_zip_file_with_several_tables_wants_one_named(tmp_path: Path) -> None:
    content = zip_of({"events.csv": EVENTS, "items.csv": "id,title\n1,x\n"})
    with pytest.raises(InputError, match=r"has events.csv, items.csv in it; name the part"):
        import_bytes(tmp_path, "export.zip", content)
    _, store = import_path(tmp_path, tmp_path / "export.zip" / "events.csv")
    assert events_of(store) == ANN_AND_BOB
    with pytest.raises(InputError, match=r"has no 'users.csv' in it; it has events.csv, items.csv"):
        import_path(tmp_path, tmp_path / "export.zip" / "users.csv")


def test_a_tar_file(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo("data/events.csv")
        member.size = len(EVENTS)
        archive.addfile(member, io.BytesIO(EVENTS.encode()))
    _, store = import_bytes(tmp_path, "export.tar.gz", packed.getvalue())
    assert events_of(store) == ANN_AND_BOB


ORDERS: list[list[Cell]] = [
    ["user", "item", "kind", "at"],
    ["ann", 31, "view", 1.7e9],
    ["bob", 7, "buy", 1.7e9],
]
PRODUCTS: list[list[Cell]] = [["id", "title"], [31, "Tent"], [7, "Mat"]]


@pytest.mark.parametrize(("write", "suffix"), [(write_xlsx, "xlsx"), (write_ods, "ods")])
def test_workbooks(
    tmp_path: Path, write: Callable[[Path, dict[str, list[list[Cell]]]], Path], suffix: str
) -> None:
    path = write(tmp_path / f"shop.{suffix}", {"Orders": ORDERS, "Notes": [], "Products": PRODUCTS})
    with pytest.raises(InputError, match=r"has the sheets Orders, Products; name the one"):
        import_path(tmp_path, path)
    imported, store = import_path(tmp_path, path / "Orders")
    assert events_of(store) == [("ann", "31", "view"), ("bob", "7", "purchase")]
    assert imported.read == 2
    with pytest.raises(InputError, match=r"has no sheet 'Clients' with rows; it has Orders, Prod"):
        import_path(tmp_path, path / "Clients")
    settings = {"files": {f"shop.{suffix}": {"sheet": "Products"}}}
    import_path(tmp_path, path, "items", settings=settings)
    assert items_of(store)["31"].title == "Tent"


def test_a_title_above_the_names_of_a_sheet(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [["Our products"], [None], [None, *PRODUCTS[0]], [None, *PRODUCTS[1]]]
    path = write_xlsx(tmp_path / "shop.xlsx", {"Sheet1": rows})
    _, store = import_path(tmp_path, path, "items")
    assert items_of(store)["31"].title == "Tent"


def test_a_part_of_what_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text(EVENTS)
    with pytest.raises(
        InputError, match=r"events.csv/Orders is not there: events.csv is no archive"
    ):
        import_path(tmp_path, tmp_path / "events.csv" / "Orders")
