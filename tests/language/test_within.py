"""A writer held to its bounds: whatever its network would say, names and words are those given."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretaste.language.within import Bounds
from foretaste.language.writing_process import Model, Work

from .checkpoints import llama

NAMES = ("The Red Nail", "space", "Amélie", "live, concert, band")
WORDS = ("a", "film", "about", "it", "is", "taken", "together", "with", "s", "the")
BOUNDS = Bounds(NAMES, WORDS)


@pytest.mark.parametrize(
    "text",
    [
        "“The Red Nail” is taken together with “Amélie”.",
        "The red nail is a film. It is about space.",
        'A film about "live, concert, band", it is',
        "space",
    ],
)
def test_what_is_within_bounds_is_whole_and_begins_at_each_letter(text: str) -> None:
    assert BOUNDS.whole(text)
    assert all(BOUNDS.begins(text[:end]) for end in range(len(text)))


@pytest.mark.parametrize(
    "text",
    [
        "A story",
        "The Red Nails",
        "“The Red”",
        "“space",
        "A film about space 2",
        "space!!",
        "space\nspace",
        "http://space",
        "It is taken. It is a film. It is space.",
    ],
)
def test_what_is_not_is_not_whole(text: str) -> None:
    assert not BOUNDS.whole(text)


def test_without_a_name_nothing_is_whole() -> None:
    assert BOUNDS.begins("It is a film.")
    assert not BOUNDS.whole("It is a film.")
    assert not Bounds((), WORDS).whole("It is a film.")


def test_it_is_told_early_that_a_text_leaves_its_bounds() -> None:
    assert not BOUNDS.begins("It is a gr")
    assert not BOUNDS.begins("“Ame")
    assert BOUNDS.begins("“Am\ufffd")  # half a letter


def test_where_it_may_end_is_after_a_name() -> None:
    assert BOUNDS.rests("It is about “The Red Nail”")
    assert BOUNDS.rests("It is about space.")
    assert not BOUNDS.rests("It is about space and a")
    assert not BOUNDS.rests("It is a film.")


@given(st.text(alphabet="a film“”\".,'Rédt spce", max_size=40))
def test_what_does_not_begin_is_never_whole(text: str) -> None:
    if not BOUNDS.begins(text):
        assert not BOUNDS.whole(text)


def written(model: Model, **more: Any) -> str:
    said: list[dict[str, Any]] = []
    told = {"id": 1, "messages": [["user", "the end of time"]], "tokens": 40, **more}
    model.write(told, Work(), said.append)
    return "".join(one["piece"] for one in said)


def test_a_network_that_knows_nothing_writes_within_bounds(tmp_path: Path) -> None:
    model = Model(llama(tmp_path))
    names, words = ("space", "the red nail"), ("a", "film", "about", "it", "is")
    free, held = written(model), written(model, names=names, words=words)

    assert not Bounds(names, words).begins(free)
    assert Bounds(names, words).begins(held)
    assert held.strip()
    short = written(model, names=names, words=(), tokens=16)  # ends before it is cut off
    assert Bounds(names, ()).rests(short), short


def test_what_was_read_of_a_prompt_before_changes_no_word(tmp_path: Path) -> None:
    """The beginning of a prompt is kept as the network read it; the rest differs."""
    folder = llama(tmp_path)
    rules = ["system", "Write of films in space."]
    asked = [[rules, ["user", text]] for text in ("the red one", "a cat", "the red nail polish")]
    kept = Model(folder)
    again = [written(kept, messages=one) for one in [*asked, *asked]]

    assert again == [written(Model(folder), messages=one) for one in asked] * 2
    assert len(kept._read) == 1
