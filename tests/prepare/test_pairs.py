from foretaste.domain.data import Interactions, Item
from foretaste.domain.ports import TextPairs
from foretaste.prepare.pairs import MAX_OWN_WORDS_SHARE, build_text_pairs, co_consumed_pairs
from foretaste.prepare.splits import split_leave_one_out

from .helpers import LETTERS, made, rng, row, sequences

PLAIN = [Item(letter, f"item {letter}") for letter in LETTERS]
HOUR = 3600.0


def found(histories: Interactions, items: list[Item] = PLAIN, most: int = 100) -> TextPairs:
    return build_text_pairs(histories, items, max_pairs=most, window=2, seconds=HOUR, rng=rng())


def told(one: TextPairs) -> set[tuple[str, str]]:
    return {(one.texts[a], one.texts[b]) for a, b in zip(one.anchors, one.positives, strict=True)}


def test_what_one_person_took_near_one_another_goes_together() -> None:
    left, right = co_consumed_pairs(sequences(ann="abcd", bob="ef"), 2)
    names = "".join(LETTERS)
    assert sorted(names[a] + names[b] for a, b in zip(left, right, strict=True)) == [
        "ab", "ac", "bc", "bd", "cd", "ef",
    ]  # fmt: skip


def test_neither_refusals_nor_an_item_with_itself() -> None:
    histories = made(row("ann", "a", 0), row("ann", "b", 1, "hide"), row("ann", "a", 2))
    assert not len(found(histories))


def test_a_search_goes_with_the_taking_that_answers_it() -> None:
    histories = made(
        row("ann", None, 0, "search", query="first try"),
        row("ann", None, 10, "search", query="red lamp"),
        row("ann", "a", 20),
        row("bob", None, 0, "search", query="too long ago"),
        row("bob", "b", 2 * HOUR),
        row("cat", None, 0, "search", query="refused"),
        row("cat", "c", 1, "hide"),
        row("dan", None, 0, "search", query="nothing after"),
        row("eve", "d", 1),
    )
    assert told(found(histories)) == {("red lamp", "item a")}


def test_a_review_goes_with_its_item() -> None:
    histories = made(row("ann", "b", 0, "review", text="warm and light"))
    assert told(found(histories)) == {("warm and light", "item b")}


def test_a_title_goes_with_the_rest_of_the_text() -> None:
    items = [Item("a", "The Tent", texts={"about": "Sleeps two"}), *PLAIN[1:]]
    assert told(found(sequences(ann="a"), items)) == {("The Tent", "Sleeps two")}


def test_of_many_some_are_drawn_and_own_words_are_few() -> None:
    items = [Item(letter, f"item {letter}", texts={"t": f"of {letter}"}) for letter in LETTERS]
    histories = sequences(ann="abcdefghijklmnop", bob="ponmlkjihgfedcba")
    one = found(histories, items, most=20)
    own = [text for text in told(one) if text[1].startswith("of ")]

    assert len(one) == 20
    assert len(own) == round(MAX_OWN_WORDS_SHARE * 20)
    assert len(set(one.texts)) == len(one.texts)


def test_items_without_text_are_left_out() -> None:
    assert not len(found(sequences(ann="ab"), [Item(letter) for letter in LETTERS]))


def test_what_is_held_back_is_in_no_pair() -> None:
    split = split_leave_one_out(sequences(ann="abcd", bob="abc"))
    assert told(found(split.train)) == {("item a", "item b")}
