"""A model that answers searches in, which words its items have out: from the index that is there
anyway, as to look through a million texts takes most of a second.
"""

from collections.abc import Sequence

from bm25s.stopwords import STOPWORDS_EN

from foretaste.domain.words import search_words, without_accents
from foretaste.model.experts.query import QueryExpert
from foretaste.online.snapshot import Snapshot
from foretaste.rank.index import EncodeText, FilterIndex, ListColumns, Mask

UNINDEXED_WORDS = frozenset(STOPWORDS_EN)


class IndexedWords:
    """Whether a word is in the text of an item, by the index of the searches."""

    def __init__(self, snapshot: Snapshot) -> None:
        experts = snapshot.product.experts
        self._expert = next((e for e in experts if isinstance(e, QueryExpert)), None)

    def __contains__(self, word: object) -> bool:
        return self._expert is not None and self._expert.bm25.has_word(str(word))

    def items_with(self, forms: Sequence[str]) -> Mask | None:
        """[items], those with one of these words, or with the same word but for its accents. None
        where the index does not know: it leaves out what texts are full of, and has what is
        written without blanks by its characters.
        """
        plain_forms = [without_accents(form) for form in forms]
        if self._expert is None or not UNINDEXED_WORDS.isdisjoint(plain_forms):
            return None
        if any(search_words(form) != [form] for form in plain_forms):
            return None
        bm25 = self._expert.bm25
        indexed_forms = [form for form in dict.fromkeys(plain_forms) if bm25.has_word(form)]
        return bm25.matched_words(indexed_forms) > 0


def filter_index(
    snapshot: Snapshot,
    earlier: FilterIndex | None,
    encode_text: EncodeText | None,
    list_columns: ListColumns,
) -> FilterIndex:
    """What meets a filter now; made anew where the catalogue is another than that of earlier."""
    index = earlier
    if index is None or index.catalogue is not snapshot.catalogue:
        index = FilterIndex(snapshot.catalogue, snapshot.shelf, encode_text, list_columns)
        index.items_with_words = IndexedWords(snapshot).items_with
    return index.with_availability(snapshot.shelf)
