"""Training: it learns, survives kill -9 to the bit, and stops on what is not a number."""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from faults.nursery import Nursery
from foretaste.domain.arrays import QuantizedVectors
from foretaste.domain.data import Floats, Interactions
from foretaste.errors import ModelError
from foretaste.model import sequence_training
from foretaste.model.experts.popularity import PopularityExpert
from foretaste.model.experts.sequence import SequenceExpert
from foretaste.model.gradient import gradient_step, make_optimizers, set_rates
from foretaste.model.history_pieces import HistoryPieces
from foretaste.model.index import base
from foretaste.model.sequence_loss import (
    CrossEntropy,
    draw_negatives,
    sampled_softmax_loss,
)
from foretaste.model.sequence_network import UNREACHABLE_VALUE, SequenceNetwork
from foretaste.model.sequence_refit import MIN_NEW_SHARE, refit_network
from foretaste.model.sequence_training import (
    MAX_SPARSE_EVENTS,
    plan_training,
    train_network,
    validation_quality,
)
from foretaste.model.settings import ModelSettings, SequenceSettings
from foretaste.model.training import Training
from language.backwards import Backwards

from .world import EACH, ITEMS, SEQUENCE, SETTINGS, World, did, item, shelf, world


def with_(**changed: Any) -> ModelSettings:
    return SETTINGS.model_copy(update={"sequence": SEQUENCE.model_copy(update=changed)})


def parameters(network: SequenceNetwork | None) -> dict[str, Floats]:
    assert network is not None
    return {name: value.numpy() for name, value in network.state_dict().items()}


def same(one: dict[str, Floats], other: dict[str, Floats]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[n], other[n]) for n in one)


@pytest.fixture(scope="module")
def trained(here: World) -> SequenceExpert:
    return SequenceExpert.fit(here.training())[0]


# It learns ------------------------------------------------------------------------------------


def test_it_learns_the_cycle(trained: SequenceExpert, here: World) -> None:
    cases = here.split.test
    asked = cases.user_contexts(0, len(cases))
    rows = np.arange(len(cases))
    mine = trained.log_prob(asked)
    popular = PopularityExpert.fit(here.training())[0].log_prob(asked)

    assert mine[rows, cases.targets].mean() > popular[rows, cases.targets].mean() + 1.0
    hits = (mine >= mine[rows, cases.targets][:, None]).sum(1) <= 3
    assert hits.mean() > 0.4  # by chance one in fifteen


def test_the_next_in_the_cycle_comes_first(trained: SequenceExpert, here: World) -> None:
    hits = 0
    for start in (0, 3, 6, 9):
        for cluster in range(4):
            past = [cluster * EACH + start + n for n in range(4)]
            log_prob = trained.log_prob([here.took(*past)])[0]
            log_prob[past] = -np.inf
            hits += past[-1] + 1 in np.argsort(-log_prob)[:4]
    assert hits >= 12  # of 16; by chance one


def test_a_new_item_is_placed_near_its_like_by_its_text(
    here: World, trained: SequenceExpert
) -> None:
    larger = shelf([*here.items, item(60, 1), item(61, 3)])
    state = trained.state()
    grown = SequenceExpert.from_state(
        {n: a.copy() for n, a in state[0].items()}, state[1], here.catalogue
    )
    grown.grow(larger)
    rockets, pianos = (
        grown.log_prob([here.took(*(c * EACH + n for n in (3, 4, 5)))])[0] for c in (1, 3)
    )

    assert rockets[60] > rockets[61] + 1
    assert pianos[61] > pianos[60] + 1
    strangers = np.r_[0:15, 30:60]
    assert (rockets[60] > rockets[strangers]).mean() > 0.9


def test_searches_and_reviews_are_read_as_text(here: World, trained: SequenceExpert) -> None:
    searched = {
        cluster: trained.log_prob([here.behaviour(did(None, 0, "search", query=words))])[0]
        for cluster, words in ((1, "lunar rocket"), (3, "jazz piano"))
    }
    for cluster, row in searched.items():
        mass = [np.exp(row[c * EACH : (c + 1) * EACH]).sum() for c in range(4)]
        assert int(np.argmax(mass)) == cluster


def test_the_best_check_is_kept(here: World) -> None:
    many = train_network(here.training(with_(epochs=9, check_every=3)))
    assert many is not None
    gain = validation_quality(many, here.split.valid)[1]
    checks = []

    def progress(task: str, done: int, total: int, note: str = "") -> None:
        if "NDCG" in note:
            checks.append(float(note.rsplit(" ", 1)[1]))

    train_network(here.training(with_(epochs=9, check_every=3), progress=progress))
    assert gain == pytest.approx(max(checks), abs=2e-3)


def test_checks_without_a_gain_end_it(here: World) -> None:
    epochs = []

    def progress(task: str, done: int, total: int, note: str = "") -> None:
        epochs.append(done)

    stands = with_(epochs=40, check_every=1, patience=2, learning_rate=1e-30)
    train_network(here.training(stands, progress=progress))
    assert epochs[-1] == 3  # the first is the best, two are no better


# What there is to train on --------------------------------------------------------------------


def test_where_nobody_took_two_items_there_is_no_network(here: World) -> None:
    nothing = here.histories.filter_rows(np.zeros(here.histories.event_count, bool))

    assert train_network(here.training(interactions=nothing, validation_cases=here.none())) is None


def test_without_validation_events_it_trains_all_the_same(here: World) -> None:
    network = train_network(
        here.training(with_(epochs=4, check_every=2), validation_cases=here.none())
    )

    assert network is not None
    assert all(np.isfinite(array).all() for array in parameters(network).values())


def test_words_are_learnt_unless_they_are_switched_off(here: World) -> None:
    with_words = train_network(here.training(with_(epochs=1)))
    without = train_network(here.training(with_(epochs=1, word_vectors=False)))

    assert with_words is not None
    assert with_words.words is not None
    assert float(with_words.words.vectors.weight.detach().std()) > 0.025  # they began at .02
    assert without is not None
    assert without.words is None


def test_items_nobody_took_keep_no_identity(here: World) -> None:
    found = here.split.train
    kept = found.filter_rows(found.item != 17)
    network = train_network(here.training(with_(epochs=1), interactions=kept))

    assert network is not None
    assert not network.identity.weight[18].any()
    assert network.identity.weight[17].any()


def test_plan_follows_the_length_of_the_histories(here: World) -> None:
    short, long = here.histories, grown_long(here.histories)

    assert plan_training(short, SequenceSettings()).length == 50
    assert plan_training(long, SequenceSettings()).length == 200
    assert (
        plan_training(short, SequenceSettings()).input_dropout
        > plan_training(long, SequenceSettings()).input_dropout
    )
    assert (
        plan_training(long, SequenceSettings(max_history_length=7, input_dropout=0.0)).length == 7
    )


def test_what_suits_items_that_are_taken_seldom_is_chosen_for_these(here: World) -> None:
    often = here.histories
    item_counts = np.bincount(often.item[often.item >= 0])
    seldom = often.filter_rows(np.arange(often.event_count) % 40 == 0)

    assert item_counts.mean() > MAX_SPARSE_EVENTS
    plan, seldom_plan = (plan_training(some, SequenceSettings()) for some in (often, seldom))
    assert (plan.has_sparse_identities, plan.layers) == (False, 2)
    assert (seldom_plan.has_sparse_identities, seldom_plan.layers) == (True, 1)
    assert plan_training(seldom, SequenceSettings(layers=3)).layers == 3


@pytest.mark.parametrize("is_sparse", [False, True])
def test_identities_have_their_share_of_the_rate(trained: SequenceExpert, is_sparse: bool) -> None:
    network = deepcopy(trained._network)
    network.identity = nn.Embedding(ITEMS + 1, SEQUENCE.dim, sparse=is_sparse)
    optimizers = make_optimizers(network, 0.3)
    set_rates(optimizers, 2e-3)
    rates = {
        id(parameter): group["lr"]
        for optimizer in optimizers
        for group in optimizer.param_groups
        for parameter in group["params"]
    }

    assert len(rates) == len(list(network.parameters()))
    assert rates.pop(id(network.identity.weight)) == pytest.approx(6e-4)
    assert set(rates.values()) == {2e-3}


def test_times_are_read_where_they_are_more_than_an_order(here: World) -> None:
    found = here.histories
    order = replace(found, at=np.arange(found.event_count, dtype=np.float64) % 50)

    assert plan_training(found, SequenceSettings()).is_timed
    assert not plan_training(order, SequenceSettings()).is_timed


def test_what_values_say_is_learnt(here: World) -> None:
    found = here.split.train
    rated = replace(found, value=(1 + np.arange(found.event_count) % 5).astype(np.float32))
    network = train_network(here.training(with_(epochs=1), interactions=rated))

    assert network is not None
    assert network.value.weight.any()
    assert (network.steps.numpy() < UNREACHABLE_VALUE).any()


def grown_long(found: Interactions) -> Interactions:
    """All people in one."""
    ends = np.array([0, found.event_count], np.int64)
    return replace(found, users=("all",), offsets=ends)


# The loss -------------------------------------------------------------------------------------


def test_the_drawn_loss_is_about_the_whole_loss(trained: SequenceExpert, here: World) -> None:
    network = trained._network
    pieces = HistoryPieces(here.split.train, 50)
    batch, target = pieces.batch(np.arange(100))
    with torch.inference_mode():
        torch.manual_seed(0)
        whole = float(sampled_softmax_loss(network, batch, target, ITEMS))
        drawn = np.mean(
            [float(sampled_softmax_loss(network, batch, target, 50)) for _ in range(60)]
        )

    assert drawn == pytest.approx(whole, abs=0.1)


def test_the_drawn_loss_has_its_own_gradient() -> None:
    torch.manual_seed(0)
    states, vectors = torch.randn(5, 3).double(), torch.randn(4, 3).double()
    logits = 20 * torch.randn(5).double()  # of one event far above, of another far below the rest
    inputs = tuple(values.requires_grad_() for values in (states, vectors, logits))
    pairs = torch.tensor([0, 3]), torch.tensor([1, 2])

    def loss(*values: torch.Tensor) -> torch.Tensor:
        losses: torch.Tensor = CrossEntropy.apply(*values, *pairs)  # type: ignore[no-untyped-call]
        return losses

    others = (states @ vectors.T).index_put(pairs, torch.tensor(-torch.inf).double())
    table = torch.cat([logits[:, None], others], dim=1)
    whole = nn.functional.cross_entropy(table, torch.zeros(5, dtype=torch.int64), reduction="none")
    assert torch.allclose(loss(*inputs), whole)
    assert torch.autograd.gradcheck(loss, inputs)


@pytest.mark.parametrize("negatives", [ITEMS, 50])
def test_events_that_count_for_nothing_change_nothing(
    trained: SequenceExpert, here: World, negatives: int
) -> None:
    network = trained._network
    pieces = HistoryPieces(here.split.train, 50)
    batch, target = pieces.batch(np.arange(100))
    events = int((target > 0).sum())
    first_half = (torch.arange(events) < events // 2).float()

    def loss(weights: torch.Tensor | None) -> float:
        torch.manual_seed(0)
        return float(sampled_softmax_loss(network, batch, target, negatives, weights))

    with torch.inference_mode():
        plain, first, second = loss(None), loss(first_half), loss(1 - first_half)
        assert loss(torch.ones(events)) == pytest.approx(plain)
    assert first + second == pytest.approx(plain)
    assert first != pytest.approx(second)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """The small world is taken for a large one."""
    monkeypatch.setattr(base, "EXHAUSTIVE_LIMIT", 10)


# It is taught what is newer ------------------------------------------------------------------


def test_a_copy_is_taught_and_shares_the_texts(trained: SequenceExpert, here: World) -> None:
    network = trained._network
    before = deepcopy(parameters(network))
    newer = here.training(interactions=here.split.service_interactions)
    taught = refit_network(network, newer)

    assert same(parameters(network), before)
    assert not same(parameters(taught), before)
    assert taught.vectors is network.vectors
    assert same(parameters(taught), parameters(refit_network(network, newer)))


def test_no_epoch_teaches_nothing(trained: SequenceExpert, here: World) -> None:
    newer = here.training(with_(epochs=0), interactions=here.split.service_interactions)
    assert refit_network(trained._network, newer) is trained._network


def test_next_to_no_newer_events_teach_nothing(trained: SequenceExpert, here: World) -> None:
    events = here.split.service_interactions
    newer = here.training(interactions=events)
    cases = int(MIN_NEW_SHARE * events.event_count)
    chosen = newer.validation_cases.select(np.arange(cases))
    assert refit_network(trained._network, replace(newer, validation_cases=chosen)) is (
        trained._network
    )


@pytest.mark.parametrize(("limit", "epochs"), [(1, 2), (1000, 4)])
def test_where_items_are_taken_seldom_it_is_taught_for_longer(
    trained: SequenceExpert, here: World, monkeypatch: pytest.MonkeyPatch, limit: int, epochs: int
) -> None:
    monkeypatch.setattr(sequence_training, "MAX_SPARSE_EVENTS", limit)
    totals = set[int]()

    def progress(task: str, done: int, total: int, note: str = "") -> None:
        totals.add(total)

    newer = here.training(with_(epochs=10), interactions=here.split.service_interactions)
    refit_network(trained._network, replace(newer, progress=progress))
    assert totals == {epochs}


@pytest.mark.usefixtures("large")
def test_an_item_that_is_new_is_taught_and_what_nobody_took_stays_its_text(here: World) -> None:
    """Of a large catalogue too, where a gradient is of the items of a batch alone."""
    train = here.split.train
    rare, never = 7, 8
    without = train.filter_rows(~np.isin(train.item, (rare, never)))
    network = train_network(here.training(interactions=without))
    assert network is not None
    newer = train.filter_rows(train.item != never)
    identity = refit_network(network, here.training(interactions=newer)).identity.weight

    assert not network.identity.weight[rare + 1].any()
    assert identity[rare + 1].any()
    assert not identity[never + 1].any()


# A large catalogue ----------------------------------------------------------------------------


@pytest.mark.usefixtures("large")
def test_a_step_of_a_large_catalogue_is_that_of_a_small_one(
    trained: SequenceExpert, here: World
) -> None:
    """The gradient is clipped alike, and is zero for identities outside the batch."""
    batch, target = HistoryPieces(here.split.train, 50).batch(np.arange(3))
    moved = []
    for sparse in (False, True):
        network = deepcopy(trained._network)
        network.identity = nn.Embedding.from_pretrained(
            torch.from_numpy(
                np.vstack([np.zeros((1, SEQUENCE.dim)), trained._identity.rows])
            ).float(),
            freeze=False,
            sparse=sparse,
        )
        network.vectors = torch.cat(
            [
                torch.zeros(1, here.catalogue.vectors.shape[1]),
                torch.from_numpy(here.catalogue.vectors),
            ]
        )
        torch.manual_seed(0)
        loss = 10 * sampled_softmax_loss(network, batch, target, 20)  # so steep that it is clipped
        gradient_step(network, loss, [torch.optim.SGD(network.parameters(), lr=0.1)])
        moved.append(parameters(network))

    assert torch.tensor(moved[0]["identity.weight"]).isfinite().all()
    for name, dense in moved[0].items():
        np.testing.assert_allclose(moved[1][name], dense, atol=1e-6)
    identity = np.abs(moved[1]["identity.weight"][1:] - trained._identity.rows).max(axis=1)
    assert 0 < (identity > 1e-4).sum() < ITEMS


@pytest.mark.usefixtures("large")
def test_a_large_catalogue_is_learnt_as_well(here: World) -> None:
    expert = SequenceExpert.fit(here.training())[0]
    cases = here.split.test
    mine = expert.log_prob(cases.user_contexts(0, len(cases)))
    hits = (mine >= mine[np.arange(len(cases)), cases.targets][:, None]).sum(1) <= 3

    assert isinstance(expert._identity.rows, QuantizedVectors)
    assert hits.mean() > 0.4  # as in test_it_learns_the_cycle


def test_what_is_drawn_of_a_large_catalogue_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "EXHAUSTIVE_LIMIT", 10)
    drawn = draw_negatives(1000, 400, torch.device("cpu"))
    assert len(drawn) == len(drawn.unique()) > 250
    assert 1 <= drawn.min() < drawn.max() <= 1000


# Kill -9 --------------------------------------------------------------------------------------

EPOCHS = (3, 4)
LONG = with_(epochs=6, check_every=2, dropout=0.3, input_dropout=0.3)

SCRIPT = """
import os, signal, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
sys.path.insert(0, sys.argv[1])
from foretaste.model.sequence_training import train_network
from model.test_sequence_training import LONG
from model.world import world

here = world()
for last in map(int, sys.argv[3:]):

    def progress(what, done, total, note=""):
        if done == last:
            os.kill(os.getpid(), signal.SIGKILL)

    if not (child := os.fork()):
        folder = Path(sys.argv[2]) / str(last)
        train_network(here.training(LONG, checkpoint_folder=folder, progress=progress))
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
"""


@pytest.fixture(scope="module")
def uninterrupted(here: World) -> dict[str, Floats]:
    return parameters(train_network(here.training(LONG)))


@pytest.fixture(scope="module")
def killed(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for each epoch in which a process of its own was killed."""
    folder = tmp_path_factory.mktemp("killed")
    with nursery.start_script(SCRIPT, Path(__file__).parents[1], folder, *EPOCHS) as process:
        process.wait()
    assert process.log == ""
    return folder


@pytest.mark.parametrize("epoch", EPOCHS)
def test_after_a_kill_training_ends_where_it_would_have(
    here: World, killed: Path, uninterrupted: dict[str, Floats], epoch: int
) -> None:
    folder = killed / str(epoch)
    assert [path.suffix for path in folder.iterdir()] == [".safetensors"]

    epochs: list[int] = []

    def progress(task: str, done: int, total: int, note: str = "") -> None:
        if note:
            epochs.append(done)

    resumed = train_network(here.training(LONG, checkpoint_folder=folder, progress=progress))

    assert epochs[0] == epoch - epoch % 2 + 1  # it went on, it did not begin anew
    assert same(parameters(resumed), uninterrupted)
    assert list(folder.iterdir()) == []  # the run is over


# By others ------------------------------------------------------------------------------------


def test_a_cluster_of_one_teaches_the_same(here: World, uninterrupted: dict[str, Floats]) -> None:
    cluster = Backwards()
    taught = train_network(here.training(LONG, cluster=cluster))
    assert cluster.parts_done == 1
    assert same(parameters(taught), uninterrupted)
    cluster.is_engaged = False
    train_network(here.training(with_(epochs=1), cluster=cluster))
    assert cluster.parts_done == 1


# Not a number ---------------------------------------------------------------------------------


def blown(here: World, learning_rate: float, folder: Path) -> Training:
    return here.training(with_(learning_rate=learning_rate), checkpoint_folder=folder)


def test_a_huge_learning_rate_is_told_with_epoch_and_remedy(here: World, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"in epoch \d+.*lower model\.sequence\.learning_rate"):
        train_network(blown(here, 1e38, tmp_path))
    assert list(tmp_path.iterdir()) == []  # nothing of it is kept


def test_vectors_that_are_not_numbers_are_told(here: World, tmp_path: Path) -> None:
    vectors = np.array(here.catalogue.vectors)
    vectors[3] = np.nan
    training = replace(
        here.training(checkpoint_folder=tmp_path),
        catalogue=replace(here.catalogue, vectors=vectors),
    )

    with pytest.raises(ModelError, match="epoch 1"):
        train_network(training)
    assert list(tmp_path.iterdir()) == []


def test_the_world_is_the_same_in_another_process() -> None:
    again = world.__wrapped__()

    np.testing.assert_array_equal(again.histories.at, world().histories.at)
    np.testing.assert_array_equal(again.catalogue.vectors, world().catalogue.vectors)
