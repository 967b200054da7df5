"""Pieces: every target once, cut elsewhere in every epoch, and read as at request time."""

import numpy as np
import pytest

from foretaste.model.history_pieces import HistoryPieces
from foretaste.model.sequence_network import event_tokens

from .world import World


@pytest.mark.parametrize("anew", [False, True])
@pytest.mark.parametrize("length", [3, 5, 50])
def test_every_taking_but_the_first_is_a_target_once(
    here: World, length: int, *, anew: bool
) -> None:
    found = here.split.train
    pieces = HistoryPieces(found, length)
    if anew:
        pieces.recut(np.random.default_rng(length))
    seen = []
    for chosen in pieces.batches(64, np.random.default_rng(0)):
        batch, target = pieces.batch(chosen)
        assert batch.item.shape == target.shape
        assert batch.item.shape[1] <= length
        assert not (target > 0)[~batch.is_event].any()
        seen += target[target > 0].tolist()

    wanted = []
    for person in range(len(found)):
        rows = found.user_slice(person)
        later = slice(rows.start + 1, rows.stop)
        taken = found.positive_mask()[later]
        wanted += (found.item[later][taken] + 1).tolist()
    assert sorted(seen) == sorted(wanted)


def test_long_histories_are_cut_elsewhere_in_every_epoch(here: World) -> None:
    pieces = HistoryPieces(here.split.train, 5)
    whole = HistoryPieces(here.split.train, 50)
    cuts, uncut = [], list(zip(whole.starts, whole.stops, strict=True))
    for epoch in range(3):
        pieces.recut(np.random.default_rng(epoch))
        whole.recut(np.random.default_rng(epoch))
        cuts.append(set(zip(pieces.starts.tolist(), pieces.stops.tolist(), strict=True)))
        assert list(zip(whole.starts, whole.stops, strict=True)) == uncut

    assert len(cuts[0] ^ cuts[1]) > 100
    assert len(cuts[1] ^ cuts[2]) > 100


def test_pieces_of_similar_length_go_together(here: World) -> None:
    pieces = HistoryPieces(here.split.train, 50)
    lengths = pieces.stops - pieces.starts
    batches = pieces.batches(100, np.random.default_rng(0))
    padding = sum(int((lengths[one].max() - lengths[one]).sum()) for one in batches)

    assert sorted(np.concatenate(batches)) == list(range(len(lengths)))
    assert padding < 0.25 * lengths.sum()  # drawn together at random it is more
    assert np.std([lengths[one].mean() for one in batches]) > 1


def test_a_piece_is_what_is_read_when_asked(here: World) -> None:
    """The tokens of training and of a request are the same but for the first gap."""
    found = here.split.train
    pieces = HistoryPieces(found, 50)
    batch, target = pieces.batch(np.arange(4))
    for place in range(4):
        rows = found.user_slice(
            int(np.searchsorted(found.offsets, pieces.starts[place], "right")) - 1
        )
        one = found.user_context(
            int(np.searchsorted(found.offsets, rows.start, "right")) - 1, rows.stop - 1
        )
        asked = event_tokens([one], 50)
        size = asked.item.shape[1]
        assert batch.item[place, -size:].tolist() == asked.item[0].tolist()
        assert batch.event_type[place, -size:].tolist() == asked.event_type[0].tolist()
        assert batch.gap[place, -size:].tolist() == asked.gap[0].tolist()
        assert batch.at is not None
        assert asked.at is not None
        assert batch.at[place, -size:].tolist() == asked.at[0].tolist()
        if asked.text is not None and batch.text is not None:
            np.testing.assert_allclose(batch.text[place, -size:], asked.text[0])
        last = int(found.item[rows.stop - 1]) + 1 if found.positive_mask()[rows.stop - 1] else 0
        assert int(target[place, -1]) == last


def test_each_target_counts_what_its_person_does(here: World) -> None:
    found = here.split.train
    weights = np.arange(len(found), dtype=np.float32)
    pieces = HistoryPieces(found, 5, weights)
    pieces.recut(np.random.default_rng(0))
    totals = np.zeros(len(found))
    for chosen in pieces.batches(64, np.random.default_rng(0)):
        _, target = pieces.batch(chosen)
        own = pieces.target_weights(chosen, target)
        assert own is not None
        assert own.shape == target[target > 0].shape
        totals += np.bincount(own.numpy().astype(int), own.numpy(), minlength=len(found))

    is_taken = found.positive_mask()
    later = [is_taken[found.user_slice(person)][1:].sum() for person in range(len(found))]
    assert totals.tolist() == (weights * later).tolist()
    assert HistoryPieces(found, 5).target_weights(chosen, target) is None
