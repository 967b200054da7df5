"""Files that unpack to much, or have all of it in one line or one value: an import takes no more
memory than others, and says what is wrong. Memory is measured in a process of its own.
"""

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from faults.nursery import Nursery
from foretaste.behaviour import importer
from foretaste.behaviour.files.size_limits import MAX_COLUMNS
from foretaste.behaviour.importer import import_file
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import ImportResult
from foretaste.errors import InputError

NOW = 1_770_000_000.0
MAX_MEGABYTES = 300
SCRIPT = """
import json, sys
from pathlib import Path
from foretaste.behaviour.importer import import_file
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.store import SqlStore
from foretaste.errors import InputError

def kilobytes(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))

folder, path, record_type = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
with SqlStore(folder / "measured.db") as store:
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
    before = kilobytes("VmRSS")
    try:
        result = import_file(store, record_type, path, BehaviourSettings(), rejects_dir=folder,
                             now=1_770_000_000.0)
        told = [result.added, result.rejected, *(reject.problem for reject in result.rejects[:3])]
    except InputError as error:
        told = ["refused", str(error)]
    print(json.dumps([(kilobytes("VmHWM") - before) // 1024, *told]))
"""
Measure = Callable[[str, bytes, str], list[Any]]


@pytest.fixture
def measure(nursery: Nursery, tmp_path: Path) -> Measure:
    """A file by its name and content, what its rows are → what the import says of it."""

    def run(name: str, content: bytes, record_type: str) -> list[Any]:
        path = tmp_path / name
        path.write_bytes(content)
        with nursery.start_script(SCRIPT, tmp_path, path, record_type) as process:
            process.wait()
        megabytes, *told = json.loads(process.log)
        assert megabytes < MAX_MEGABYTES
        return list(told)

    return run


def packed(*parts: bytes | tuple[bytes, int]) -> bytes:
    """gzip of parts, each perhaps many times: a few kilobytes for hundreds of megabytes."""
    repeated_parts = [(part, 1) if isinstance(part, bytes) else part for part in parts]
    return b"".join(gzip.compress(part, 1) * count for part, count in repeated_parts)


MEGABYTE = b"x" * (1 << 20)
ITEM_ROWS = b"id,title\na,Alien\nb,"


def test_a_line_without_end(measure: Measure) -> None:
    content = packed(ITEM_ROWS, (MEGABYTE, 600), b"\nc,Cube\n")
    assert len(content) < 4 << 20
    added, rejected, problem = measure("items.csv.gz", content, "items")
    assert (added, rejected) == (2, 1)
    assert problem == "a line has 629,145,602 bytes, and one may have 8,388,608"


@pytest.mark.parametrize("letter", ["ø", "\xff"])
def test_a_line_of_other_letters(measure: Measure, letter: str) -> None:
    megabyte = letter.encode("latin-1" if letter == "\xff" else "utf-8") * (1 << 20)
    added, rejected, problem = measure(
        "items.csv.gz", packed(ITEM_ROWS, (megabyte, 100), b"\nc,Cube\n"), "items"
    )
    assert (added, rejected) == (2, 1)
    assert "bytes, and one may have" in problem


def test_a_header_without_end(measure: Measure) -> None:
    told = measure("items.csv.gz", packed(b"id,", (MEGABYTE, 200)), "items")
    assert told[0] == "refused"
    assert "a line has" in told[1]


def test_a_line_of_json_without_end(measure: Measure) -> None:
    first, last = b'{"id": "a", "title": "A"}\n{}\n', b'"}\n{"id": "c", "title": "C"}\n'
    content = packed(first, b'{"id": "b", "title": "', (MEGABYTE, 300), last)
    added, rejected, _, problem = measure("items.jsonl.gz", content, "items")
    assert (added, rejected) == (2, 2)
    assert problem.startswith("a line has 314,572,824 bytes")


def test_one_value_of_json_without_end(measure: Measure) -> None:
    told = measure("items.json.gz", packed(b'{"id": "', (MEGABYTE, 300), b'"}'), "items")
    assert told[:2] == [0, 1]
    assert "a value has more than" in told[2]


def test_an_element_without_end(measure: Measure) -> None:
    content = packed(b'[{"id": "a", "title": "A"}, {"id": "', (MEGABYTE, 300), b'"}]')
    told = measure("items.json.gz", content, "items")
    assert told[:2] == [1, 1]
    assert "a value has more than" in told[2]


def test_many_small_parts(measure: Measure) -> None:
    """Each of three bytes is an empty list of 56."""
    content = packed(b'{"id": "a", "x": [[]', (b",[]" * (1 << 17), 16), b"]}\n")
    added, rejected, problem = measure("items.jsonl.gz", content, "items")
    assert (added, rejected) == (0, 1)
    assert "too many" in problem


@pytest.mark.parametrize(("before", "after"), [("[", "]"), ('{"count": 9, "products": [', "]}")])
def test_a_list_in_one_line_is_read_piece_by_piece(
    measure: Measure, before: str, after: str
) -> None:
    """60 MB without a line end; titles are too long, so that nothing need be stored."""
    row = json.dumps({"id": "a", "title": "T" * 3_000}).encode() + b","
    content = packed(before.encode(), (row * 400, 50), b'{"id":"z","title":"Z"}', after.encode())
    told = measure("items.json.gz", content, "items")
    assert told[:2] == [1, 20_000]
    assert "characters" in told[2]


@pytest.mark.slow
def test_long_items_are_stored_a_few_at_a_time(measure: Measure) -> None:
    rows = [f"i{n},title {n}," + " ".join(["word"] * 12_000) for n in range(4_000)]
    content = gzip.compress("\n".join(["id,title,plot", *rows]).encode(), 1)
    assert measure("items.csv.gz", content, "items")[:2] == [4_000, 0]


def take(store: SqlStore, path: Path, record_type: Any = "items") -> ImportResult:
    folder = path.parent / "rejects"
    return import_file(store, record_type, path, BehaviourSettings(), rejects_dir=folder, now=NOW)


def test_a_field_beyond_the_limit_of_csv(store: SqlStore, tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text(f"id,title\na,A\nb,{'x' * 200_000}\nc,C\n")
    done = take(store, path)
    assert (done.added, done.rejected) == (2, 1)
    assert done.rejects[0].problem == "a field has more than 131,072 characters"


@pytest.mark.parametrize("name", ["items.csv", "items.json", "items.parquet"])
def test_very_many_columns(store: SqlStore, tmp_path: Path, name: str) -> None:
    columns = ["id", *(f"column{n}" for n in range(MAX_COLUMNS))]
    path = tmp_path / name
    if name.endswith("parquet"):
        import pyarrow as pa
        from pyarrow import parquet

        parquet.write_table(pa.table({column: ["a"] for column in columns}), path)
    elif name.endswith("json"):
        path.write_text(json.dumps([dict.fromkeys(columns, "a")]))
    else:
        path.write_text(f"{','.join(columns)}\n{','.join('a' * len(columns))}\n")
    with pytest.raises(InputError, match=r"10,001 columns, and may have 10,000; leave out"):
        take(store, path)


def test_rejects_are_cut(store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importer, "MAX_REJECTS_LENGTH", 50_000)
    path = tmp_path / "items.jsonl"
    row = {"id": "x" * 600, "title": "t" * 5_000, "list": ["l" * 50] * 900}
    lines = [json.dumps(row | dict.fromkeys(map(str, range(500)), n)) for n in range(100)]
    path.write_text("\n".join(lines))
    done = take(store, path)
    assert done.rejected == 100
    assert done.rejects_file is not None
    text = Path(done.rejects_file).read_text()
    assert len(text) < 50_000 + 1_000
    first, *_, last = map(json.loads, text.splitlines())
    assert len(first["row"]) == 200
    assert {len(first["row"][name]) for name in ("title", "list")} <= {1_999, 2_000}
    assert "not in this file" in last["problem"]
    assert len(str(done.rejects[0].row)) < 10_000, "in memory as well"


def workbook(sheet: str, strings: str = "") -> bytes:
    """The least that a spreadsheet has."""
    namespace = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    relationships = (
        f'<Relationship Id="r1" Target="worksheets/sheet1.xml" Type="{office}/worksheet"/>'
        f'<Relationship Id="r2" Target="sharedStrings.xml" Type="{office}/sharedStrings"/>'
    )
    members = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {namespace} xmlns:r="{office}"><sheets>'
        '<sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f"{relationships}</Relationships>",
        "xl/worksheets/sheet1.xml": f"<worksheet {namespace}><sheetData>{sheet}</sheetData>"
        "</worksheet>",
        "xl/sharedStrings.xml": f"<sst {namespace}>{strings}</sst>",
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return content.getvalue()


def cell(reference: str, text: str) -> str:
    return f'<c r="{reference}" t="str"><v>{text}</v></c>'


def test_a_small_spreadsheet(measure: Measure) -> None:
    rows = f'<row r="1">{cell("A1", "id")}{cell("B1", "title")}</row>'
    rows += f'<row r="2">{cell("A2", "a")}{cell("B2", "Alien")}</row>'
    assert measure("items.xlsx", workbook(rows), "items") == [1, 0]


def test_a_spreadsheet_with_a_cell_in_the_last_corner(measure: Measure) -> None:
    rows = f'<row r="1">{cell("A1", "id")}{cell("B1", "title")}</row>'
    rows += f'<row r="1048576">{cell("XFD1048576", "far")}</row>'
    told = measure("items.xlsx", workbook(rows), "items")
    assert told[0] == "refused"
    assert "takes too much memory to be read; save the sheet that is meant as CSV" in told[1]


def test_a_spreadsheet_of_one_long_text_many_times(measure: Measure) -> None:
    text = f"<si><t>{'x' * 30_000}</t></si>"
    rows = "".join(
        f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c><c r="B{n}" t="s"><v>0</v></c></row>'
        for n in range(1, 60_001)
    )
    told = measure("items.xlsx", workbook(rows, text), "items")
    assert told[0] == "refused"
    assert "save the sheet that is meant as CSV" in told[1]
