"""In: a stream of XML, such as a product feed (Google Merchant, Atom, YML, Heureka). Out: a row for
each record in it.

Records are the elements of one path that comes again and again: `rss/channel/item`, `feed/entry`,
`shop/offers/offer`. What is within one gets a column by its name without its namespace; what comes
several times in one is a list. Entities that a file defines itself are never read (defusedxml).
"""

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import ParseError

from foretaste.behaviour.files.size_limits import MAX_LINE_BYTES
from foretaste.behaviour.stream import Rows, Stream
from foretaste.domain.data import RejectedRow
from foretaste.errors import InputError

MAX_DEPTH = 40
"""Of elements within one another."""
_USUAL_RECORDS = frozenset({"item", "entry", "product", "offer", "shopitem", "row", "record"})
"""What a record is called where a file has only one."""
_NAME_ATTRIBUTES = ("name", "key")
"""Of an element such as `<param name="Colour">red</param>`: what its column is called."""
_LINK_ATTRIBUTES = ("href", "url", "src", "link")
"""Of an element without text, where its value is."""


class Element:
    """An element of which the end has not come yet, or a part of a record."""

    __slots__ = ("attributes", "children", "tag", "texts")

    def __init__(self, tag: str, attributes: Mapping[str, str]) -> None:
        self.tag = _local_name(tag)
        self.attributes = {_local_name(name): value for name, value in attributes.items()}
        self.texts: list[str] = []
        self.children: list[Element] = []

    def as_row(self) -> dict[str, Any]:
        """A column for each attribute and each part."""
        row: dict[str, Any] = dict(self.attributes)
        for child in self.children:
            name, value = child.cell()
            if value is None or value == "":
                continue
            if name in row:
                earlier = row[name] if isinstance(row[name], list) else [row[name]]
                row[name] = [*earlier, value]
            else:
                row[name] = value
        return row

    def cell(self) -> tuple[str, Any]:
        """(name of the column, value) of a part of a record."""
        text = "".join(self.texts).strip()
        if self.children:
            return self.tag, self.as_row()
        names = [self.attributes[name] for name in _NAME_ATTRIBUTES if name in self.attributes]
        if names and text:
            return names[0], text
        if not text:
            links = [self.attributes[name] for name in _LINK_ATTRIBUTES if name in self.attributes]
            return self.tag, links[0] if links else ""
        return self.tag, text


class RecordCollector:
    """The target of a parser: keeps the records of a path until they are taken, nothing else."""

    def __init__(self, record_path: tuple[str, ...] | None = None) -> None:
        """record_path: from the root; None only counts what could be records."""
        self._record_path = record_path
        self._path: list[str] = []
        self._elements: list[Element] = []
        self._length = 0
        self.records: deque[Element | None] = deque()
        """None stands for one that was too long."""
        self.counts: Counter[tuple[str, ...]] = Counter()
        """Path of elements with parts → how many ended."""
        self.attribute_counts: Counter[tuple[str, ...]] = Counter()
        """The same of elements without parts that have two attributes or more."""
        self._has_parts: list[bool] = []
        self.root: str | None = None

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        if len(self._path) >= MAX_DEPTH:
            raise ParseError(f"elements are nested more than {MAX_DEPTH} levels deep")
        name = _local_name(tag)
        self.root = self.root or name
        if self._has_parts:
            self._has_parts[-1] = True
        self._path.append(name)
        self._has_parts.append(False)
        if self._record_path is None:
            if len(attributes) > 1:
                self.attribute_counts[tuple(self._path)] += 1
        elif self._elements or tuple(self._path) == self._record_path:
            self._elements.append(Element(tag, attributes))
            self._length += sum(map(len, attributes.values()))

    def data(self, text: str) -> None:
        """Text within an element."""
        if self._elements and self._length <= MAX_LINE_BYTES:
            self._elements[-1].texts.append(text)
            self._length += len(text)

    def end(self, tag: str) -> None:
        """An element ends."""
        if self._has_parts.pop() and self._record_path is None:
            self.counts[tuple(self._path)] += 1
        self._path.pop()
        if not self._elements:
            return
        element = self._elements.pop()
        if self._elements:
            self._elements[-1].children.append(element)
            return
        self.records.append(None if self._length > MAX_LINE_BYTES else element)
        self._length = 0

    def close(self) -> None:
        """Nothing is left to do."""

    def repeated_path(self) -> tuple[str, ...] | None:
        """The path of the records: the outermost that comes several times, of those the most
        frequent; None where none does.
        """
        for counts in (self.counts, self.attribute_counts):
            repeated = [path for path, count in counts.items() if count > 1]
            usual = [path for path in counts if path[-1].lower() in _USUAL_RECORDS]
            if repeated or usual:
                return min(repeated or usual, key=lambda path: (len(path), -counts[path]))
        return None


def rows(stream: Stream) -> Rows:
    """Every record, numbered from 1.

    Raises InputError for a page, for XML without records and for XML with entities of its own.
    """
    path = _record_path(stream)
    collector = RecordCollector(path)
    number = 0
    try:
        for _ in _fed(stream.name, stream.text_chunks(), collector):
            while collector.records:
                number += 1
                element = collector.records.popleft()
                yield number, _too_long(stream, number) if element is None else element.as_row()
    except ParseError as error:
        problem, remedy = f"the file is damaged from here on ({error})", "copy or write it again"
        yield number + 1, RejectedRow(stream.name, number + 1, "", "", problem, remedy)
        return
    if stream.break_reason:
        remedy = "copy or write the file again"
        yield number + 1, RejectedRow(stream.name, number + 1, "", "", stream.break_reason, remedy)


def _record_path(stream: Stream) -> tuple[str, ...]:
    survey = RecordCollector()
    head = stream.first_bytes().decode(errors="replace")
    try:
        for _ in _fed(stream.name, iter((head,)), survey, is_whole=False):
            pass
    except ParseError:
        pass  # the rows before it may be good
    path = survey.repeated_path()
    if path is None or (survey.root or "").lower() == "html":
        raise InputError(
            f"{stream.name} is a page, or XML without records that come again; save it as CSV or "
            "as .xlsx"
        )
    return path


def _fed(
    file: str, chunks: Iterator[str], collector: RecordCollector, *, is_whole: bool = True
) -> Iterator[None]:
    """After each chunk has gone through the parser. is_whole: whether the end is the file's."""
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser

    parser = DefusedXMLParser(target=collector, forbid_dtd=False, forbid_entities=True)
    try:
        for chunk in chunks:
            parser.feed(chunk)
            yield
        if is_whole:
            parser.close()
            yield
    except DefusedXmlException as error:
        raise InputError(
            f"{file} defines entities of its own, which are not read; save it as CSV or as .xlsx"
        ) from error


def _too_long(stream: Stream, number: int) -> RejectedRow:
    problem = f"a record has more than {MAX_LINE_BYTES:,} letters"
    return RejectedRow(stream.name, number, "", "", problem, "shorten its texts")


def _local_name(tag: str) -> str:
    """Without its namespace."""
    return tag.rpartition("}")[2]
