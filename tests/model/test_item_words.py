"""Word vectors of the sequence network: an item is the sum over the words of its text."""

import numpy as np
import pytest
import torch

from foretaste.model import item_words
from foretaste.model.item_words import ItemWords
from foretaste.model.tfidf import TfIdf

TEXTS = ("OPI nail lacquer, red", "OPI nail polish", "", "red lacquer red", "soap")


def words() -> ItemWords:
    torch.manual_seed(0)
    made = ItemWords.of(TEXTS, 8)
    assert made is not None
    return made


def test_an_item_is_the_sum_of_its_words_by_their_weights() -> None:
    tfidf = TfIdf.fit(TEXTS)
    assert tfidf is not None
    made = words()
    index = torch.tensor([[2, 1, 4], [1, 5, 2]])  # in any order, any shape
    expected = tfidf.transform(TEXTS).toarray() @ made.vectors.weight.detach().numpy()

    np.testing.assert_allclose(
        made(index).detach().numpy(), expected[index.numpy() - 1], rtol=1e-5, atol=1e-7
    )


def test_padding_and_an_item_without_known_words_are_zero() -> None:
    assert not words()(torch.tensor([0, 3, 5])).any()  # "soap" is in one text alone


def test_what_one_item_teaches_its_words_moves_the_others_that_share_them() -> None:
    made = words()
    before = made(torch.arange(6)).detach()
    made(torch.tensor([2])).sum().backward()
    torch.optim.SGD(made.parameters(), lr=1.0).step()
    moved = (made(torch.arange(6)).detach() - before).abs().sum(dim=1) > 1e-3

    assert moved.tolist() == [False, True, True, False, False, False]  # OPI, nail


def test_of_many_words_those_of_most_texts_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(item_words, "MAX_WORDS", 2)
    texts = ("red soap bar", "red soap", "soap bar", "soap bar")
    tfidf = TfIdf.fit(texts, 2)
    made = ItemWords.of(texts, 4)

    assert tfidf is not None
    assert tfidf.words == ("bar", "soap")
    assert made is not None
    assert len(made.vectors.weight) == 2


def test_texts_that_share_no_word_have_none() -> None:
    assert ItemWords.of(("red", "blue"), 4) is None


def test_two_words_that_stand_together_are_a_word_as_far_as_there_is_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts = ("red nail lacquer", "nail lacquer blue", "red nail file", "lacquer nail")
    singles = {"lacquer", "nail", "red"}

    def vector_count(room: int) -> int:
        monkeypatch.setattr(item_words, "MAX_WORDS", room)
        learnt = ItemWords.of(texts, 8, has_pairs=True)
        assert learnt is not None
        return len(learnt.vectors.weight)

    assert vector_count(30) == len(singles) + len({"nail_lacquer", "red_nail"})
    assert vector_count(4) == len(singles) + 1, "the words come first"
    assert vector_count(2) == 2
