"""What every expert must do. Inherit it and give the fixture `fitted`: one expert of the world."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foretaste.domain.data import Floats, UserContext
from foretaste.domain.sharing import forked, frozen
from foretaste.model.expert_scorer import scorer_of
from foretaste.model.index.softmax import log_softmax

from ..world import ITEMS, World, again, item, ordinary, shelf, strange

EVERY = np.arange(ITEMS, dtype=np.int32)


def sums(log_prob: Floats) -> Floats:
    """Log of the whole probability of each row."""
    return np.asarray(np.logaddexp.reduce(log_prob.astype(np.float64), axis=1))


def behaviours(here: World) -> list[UserContext]:
    return [*strange().values(), *ordinary(here, 8)]


class ExpertContract:
    @pytest.fixture
    def fitted(self) -> Any:
        """One expert, fitted on `here.training()`; shared, so not to be changed."""
        raise NotImplementedError

    @pytest.fixture
    def expert(self, fitted: Any, here: World, folder: Path) -> Any:
        """A copy to be changed at will."""
        return again(fitted, here.catalogue, folder)

    def test_is_a_distribution_over_the_catalogue(self, fitted: Any, here: World) -> None:
        log_prob = fitted.log_prob(behaviours(here))

        assert log_prob.shape == (len(behaviours(here)), ITEMS)
        assert log_prob.dtype == np.float32
        assert np.isfinite(log_prob).all()
        np.testing.assert_allclose(sums(log_prob), 0, atol=1e-4)

    def test_a_batch_is_its_behaviours_one_by_one(self, fitted: Any, here: World) -> None:
        together = behaviours(here)
        alone = np.concatenate([fitted.log_prob([one]) for one in together])

        np.testing.assert_allclose(fitted.log_prob(together), alone, atol=2e-4, rtol=1e-4)
        np.testing.assert_allclose(
            fitted.log_prob(together[::-1]), alone[::-1], atol=2e-4, rtol=1e-4
        )

    def test_terms_sum_to_the_log_probability(self, fitted: Any, here: World) -> None:
        told = [one for one in behaviours(here) if fitted.is_active(one)]
        assert told
        for one in told:
            for deep in (True, False):
                terms = fitted.terms(one, EVERY, deep=deep)
                total = [sum(term.nats for term in some) for some in terms]

                np.testing.assert_allclose(total, fitted.log_prob([one])[0], rtol=1e-4, atol=1e-4)
                assert {term.expert for some in terms for term in some} == {fitted.name}

    def test_terms_are_those_of_the_items_asked_for(self, fitted: Any, here: World) -> None:
        one = here.took(20, 21, 22, query="garden rose")
        some = np.array([41, 3, 23], np.int32)

        every = fitted.terms(one, EVERY)
        for told, place in zip(fitted.terms(one, some), some, strict=True):
            wanted = every[place]
            assert [(t.event, t.feature) for t in told] == [(t.event, t.feature) for t in wanted]
            assert [t.nats for t in told] == pytest.approx([t.nats for t in wanted], abs=1e-3)

    def test_its_opinion_is_its_log_probability(self, fitted: Any, here: World) -> None:
        some = np.array([41, 3, 23, 3], np.int32)
        for one in behaviours(here):
            if not fitted.is_active(one):
                continue
            row, opinion = fitted.log_prob([one])[0], scorer_of(fitted, one)

            np.testing.assert_allclose(opinion.log_prob(some), row[some], atol=2e-4)
            np.testing.assert_allclose(opinion.log_prob(), row, atol=2e-4)
            terms = [sum(term.nats for term in told) for told in opinion.terms(some, deep=False)]
            np.testing.assert_allclose(terms, row[some], atol=2e-4)
            named = opinion.candidates(5)
            assert named.dtype == np.int32
            assert len(set(named.tolist())) == len(named)
            assert not len(named) or row[named].mean() >= np.median(row) - 1e-4

    def test_says_whether_it_has_something_to_say(self, fitted: Any, here: World) -> None:
        assert {type(fitted.is_active(one)) for one in behaviours(here)} == {bool}
        assert any(fitted.is_active(one) for one in behaviours(here))

    def test_written_down_and_read_back_it_is_the_same(
        self, fitted: Any, expert: Any, here: World
    ) -> None:
        asked = behaviours(here)

        np.testing.assert_allclose(expert.log_prob(asked), fitted.log_prob(asked), atol=1e-5)
        assert expert.name == fitted.name

    def test_what_was_learnt_and_grown_is_written_down_too(
        self, expert: Any, here: World, folder: Path
    ) -> None:
        larger = shelf([*here.items, item(60, 2), item(61, 3)])
        expert.grow(larger)
        for event in ((31, 1.0), (60, 1.0), (33, 2.0)):
            expert.learn(here.took(30), event[0], event[1], 1.8e9)
        back = again(expert, larger, folder)

        asked = ordinary(here)
        np.testing.assert_allclose(back.log_prob(asked), expert.log_prob(asked), atol=1e-5)

    def test_new_items_get_a_finite_probability_and_the_old_keep_their_order(
        self, fitted: Any, expert: Any, here: World
    ) -> None:
        asked = [*ordinary(here), here.took(20, 21, query="garden rose")]
        before = fitted.log_prob(asked)
        expert.grow(shelf([*here.items, item(60, 2), item(61, 3), item(62, 0)]))
        after = expert.log_prob(asked)

        assert after.shape == (len(asked), ITEMS + 3)
        assert np.isfinite(after).all()
        np.testing.assert_allclose(sums(after), 0, atol=1e-4)
        np.testing.assert_allclose(log_softmax(after[:, :ITEMS]), before, atol=0.25)

    def test_growing_by_some_is_reading_all_again(self, expert: Any, here: World) -> None:
        """New and changed items named one by one, as a service meets them."""
        items = [*here.items]
        fresh = again(expert, here.catalogue, self._aside)
        items[7] = replace(items[7], title="jazz piano 7", attributes={"genre": ("g3",)})
        expert.grow(shelf(items), [7])
        for new in (item(60, 2), item(61, 3), item(62, 0)):
            items = [*items, new]
            larger = shelf(items)
            expert.grow(larger, [])
        fresh.grow(larger)

        asked = [*ordinary(here), here.took(20, 21, query="jazz"), here.took(7, 62)]
        np.testing.assert_allclose(expert.log_prob(asked), fresh.log_prob(asked), atol=2e-4)

    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path) -> None:
        self._aside = tmp_path

    def test_growing_by_nothing_changes_nothing(
        self, fitted: Any, expert: Any, here: World
    ) -> None:
        expert.grow(here.catalogue)

        asked = ordinary(here)
        np.testing.assert_allclose(expert.log_prob(asked), fitted.log_prob(asked), atol=1e-5)

    def test_learns_from_any_behaviour(self, expert: Any, here: World) -> None:
        for place, before in enumerate(behaviours(here)):
            expert.learn(before, place % ITEMS, 1.0, 1.7e9 + 5e7 * place)
        log_prob = expert.log_prob(behaviours(here))

        assert np.isfinite(log_prob).all()
        np.testing.assert_allclose(sums(log_prob), 0, atol=1e-4)

    def test_what_a_fork_learns_and_grows_by_leaves_its_parent_as_it_was(
        self, fitted: Any, expert: Any, here: World
    ) -> None:
        """Requests read the parent meanwhile. The fork of a frozen one is as good as a whole."""
        alone = again(fitted, here.catalogue, self._aside)
        asked = [*ordinary(here), here.took(20, 21, query="garden rose walrus")]
        parent = expert
        frozen(parent)
        before = expert.log_prob(asked).copy()
        alone.log_prob(asked)  # an index of words is made when first asked
        items = [*here.items]
        for number in range(60, 63):
            items = [*items, item(number, number % 4)]
            items[7] = replace(items[7], title=f"jazz piano {number}")
            fork = forked(parent)
            for one in (fork, alone):
                one.grow(shelf(items), [7])
                one.learn(here.took(30, 31), number, 1.0, 1.8e9 + number)
                one.learn(here.took(30, number), 31, 2.0, 1.8e9 + number)
            frozen(fork)
            parent = fork

        np.testing.assert_array_equal(expert.log_prob(asked), before)
        np.testing.assert_allclose(parent.log_prob(asked), alone.log_prob(asked), atol=1e-5)


class CountingContract:
    """And every one that says it only counts."""

    @pytest.fixture
    def expert(self, fitted: Any, here: World, folder: Path) -> Any:
        return again(fitted, here.catalogue, folder)

    @pytest.fixture
    def fit_again(self) -> Callable[..., Any]:
        """The same expert fitted on a training part with changes."""
        raise NotImplementedError

    def test_learning_one_by_one_is_fitting_on_all(
        self, fitted: Any, fit_again: Callable[..., Any], here: World
    ) -> None:
        moment = float(np.median(here.histories.at))
        online = fit_again(interactions=here.until(moment))
        whole = fit_again(interactions=here.histories)
        taught = teach(online, here, moment)

        asked = [*ordinary(here), *strange().values()]
        assert taught > 100
        np.testing.assert_allclose(online.log_prob(asked), whole.log_prob(asked), atol=1e-3)

    def test_what_is_taken_back_was_never_there(
        self, fitted: Any, expert: Any, here: World
    ) -> None:
        learnt = [
            (here.took(), 3, 1.0),
            (here.took(1, 2), 3, 1.0),
            (here.took(1, 2, 3), 2, 0.5),
            (here.took(40, 40), 40, 2.0),
        ]
        asked = behaviours(here)
        before = fitted.log_prob(asked)
        for past, taken, weight in learnt:
            expert.learn(past, taken, weight, 1.7e9)
        assert np.abs(expert.log_prob(asked) - before).max() > 1e-4
        for past, taken, weight in learnt:
            expert.learn(past, taken, -weight, 1.7e9)

        np.testing.assert_allclose(expert.log_prob(asked), before, atol=1e-4)


class ReadingContract:
    """And every one that says it does not."""

    def test_it_learns_at_the_next_fit(self, fitted: Any, here: World, folder: Path) -> None:
        expert = again(fitted, here.catalogue, folder)
        expert.learn(here.took(1, 2), 3, 1.0, 1.7e9)

        asked = ordinary(here)
        np.testing.assert_allclose(expert.log_prob(asked), fitted.log_prob(asked), atol=1e-5)


def teach(expert: Any, here: World, moment: float) -> int:
    """Every taking from a moment on, in order of time, given what its person did before it."""
    found = here.histories
    owners = found.row_users()
    late = np.flatnonzero(found.positive_mask() & (found.at >= moment))
    for row in late[np.argsort(found.at[late], kind="stable")]:
        before = found.user_context(int(owners[row]), int(row))
        expert.learn(before, int(found.item[row]), float(found.weight[row]), float(found.at[row]))
    return len(late)
