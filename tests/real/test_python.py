"""Ids of other types in Python: 5, 5.0 and a NumPy 5 are the '5' of the files, everywhere."""

import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from foretaste.domain.data import Event, Request
from foretaste.errors import InputError
from foretaste.loop import Foretaste

START = 1_700_000_000
NFC, NFD = unicodedata.normalize("NFC", "Zoë"), unicodedata.normalize("NFD", "Zoë")


@pytest.fixture(scope="module")
def numbered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foretaste]:
    """A trained shop whose users and items are numbers."""
    folder = tmp_path_factory.mktemp("numbered")
    quick = "[language]\nthreads = 1\n[model.sequence]\nepochs = 1\ndim = 16\n"
    (folder / "foretaste.toml").write_text(quick)
    words = ["moon", "star", "soup", "cake", "rocket", "bread", "comet", "oven", "probe", "salt"]
    loop = Foretaste.open(folder)
    loop.add(
        items=pd.DataFrame({"id": range(10), "title": words}),
        events=pd.DataFrame(
            [
                {"user": user, "item": (user + 2 * step) % 10, "at": START + 100 * user + step}
                for user in range(20)
                for step in range(4)
            ]
        ),
    )
    loop.train()
    yield loop
    loop.close()


def ids(recommendation: Any) -> list[str]:
    return [item.id for item in recommendation]


@pytest.mark.parametrize(
    "items", [[0, 1, 5], [0.0, 1.0, 5.0], np.array([0, 1, 5]), pd.Series([0, 1, 5]), ("0", 1, "5")]
)
def test_rank(numbered: Foretaste, items: Any) -> None:
    assert sorted(ids(numbered.rank(items))) == ["0", "1", "5"]


@pytest.mark.parametrize("item", [2, 2.0, np.int64(2), "2"])
def test_similar_has_no_seed_in_it(numbered: Foretaste, item: Any) -> None:
    found = ids(numbered.similar(item, n=9))
    assert found == ids(numbered.similar("2", n=9))
    assert "2" not in found


@pytest.mark.parametrize(("item", "user"), [(2, "1"), ("2", 1), (np.int32(2), 1.0)])
def test_why_not(numbered: Foretaste, item: Any, user: Any) -> None:
    assert numbered.why_not(item, user).id == "2"


@pytest.mark.parametrize("user", [3, 3.0, np.int64(3), np.float32(3), " 3", "3\u200b"])
def test_every_question_about_a_user(numbered: Foretaste, user: Any) -> None:
    named = numbered.recommend("3", n=5)
    assert ids(numbered.recommend(user, n=5)) == ids(named)
    assert ids(numbered.recommend(Request(user=user, n=5))) == ids(named)
    assert ids(numbered.search("moon", user)) == ids(numbered.search("moon", "3"))
    assert numbered.profile(user) == numbered.profile("3")
    assert numbered.personal(user) == numbered.personal("3")


def test_what_a_user_did_and_its_end(numbered: Foretaste) -> None:
    at = START + 10_000.0
    event = Event("e1", "like", at, user=77, item=np.int64(4))  # type: ignore[arg-type]
    assert numbered.record([event]) == 1
    assert numbered.identify(5.0, 77) is True  # type: ignore[arg-type]
    assert numbered.store.user_of_session("5") == "77"
    assert numbered.steer(77, changes=[{"what": {"title": "x"}, "mute": True}] * 0) is not None  # type: ignore[arg-type]
    assert numbered.take_back(77, 4.0) == 1  # type: ignore[arg-type]
    assert numbered.erase(77).erased.any_erased  # type: ignore[arg-type]
    assert numbered.personal("77") is None


@pytest.mark.parametrize("user", [float(2**53), np.float32(2**24), ["3"], {"id": 3}])
def test_what_is_no_id_is_told(numbered: Foretaste, user: Any) -> None:
    with pytest.raises(InputError, match=r"digits|a list|an object"):
        numbered.recommend(user)


def test_an_event_is_checked_as_over_http_and_none_is_taken_with_a_bad_one(
    numbered: Foretaste,
) -> None:
    now = numbered.clock()
    good = Event("good", "click", now, user="new", item="1")
    for bad, problem in (
        (replace(good, event_id="bad", at=now + 30 * 86_400), r"events\[1\].at: time out of range"),
        (replace(good, event_id="bad", at=-5.0), "time out of range"),
        (replace(good, event_id="bad", at=float("nan")), "time"),
        (replace(good, event_id="bad", kind="clik"), "unknown event type 'clik'"),
        (replace(good, event_id="bad", user=None), "no user and no session"),
        (replace(good, event_id="bad", user="null"), "means nobody"),
        (replace(good, event_id="bad", item=None), "a click without an item"),
    ):
        with pytest.raises(InputError, match=problem):
            numbered.record([good, bad])
    assert numbered.personal("new") is None


def test_a_session_is_never_that_of_nobody(numbered: Foretaste) -> None:
    for session, user in (("s1", "null"), ("s1", "(not set)"), ("undefined", "ann"), ("s1", "")):
        with pytest.raises(InputError):
            numbered.identify(session, user)
    assert numbered.store.user_of_session("s1") is None


def test_ids_that_look_alike_are_one_in_questions_too(numbered: Foretaste) -> None:
    numbered.record([Event("z", "like", START + 9e5, user=NFD, item="1")])
    assert numbered.personal(NFC) == numbered.personal(NFD) is not None
    assert "1" not in ids(numbered.recommend(NFC, n=10))


def test_numbers_of_numpy_in_a_question(numbered: Foretaste) -> None:
    """A NumPy number could not be answered, or broke what is kept of answers for good."""
    expected = [item.id for item in numbered.recommend("3", n=2)]
    numbers: tuple[Any, ...] = (np.int64(2), np.int32(2), 2.0, np.float64(2))
    for n in numbers:
        assert [item.id for item in numbered.recommend("3", n=n)] == expected
    rules = [{"pin": "0", "at": np.int64(1)}]
    assert next(iter(numbered.recommend("3", n=5, rules=rules))).id == "0"
    numbered.recommend("3", n=2, explore=np.float32(0.5), diversity=np.float64(0.25))
    numbered.recommendation_log.flush()
    lists: tuple[Any, ...] = (np.array(["1", "2"]), pd.Series(["1", "2"]))
    for ids in lists:
        with pytest.raises(InputError, match="user is a list"):
            numbered.recommend(ids)
