"""A writer held to its bounds: whatever its network would say, names and words are those given."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretaste.language.bounded_generation import TextBounds
from foretaste.language.writing_process import LocalModel, WorkQueue

from .checkpoints import llama

NAMES = ("The Red Nail", "space", "Amélie", "live, concert, band")
WORDS = ("a", "film", "about", "it", "is", "taken", "together", "with", "s", "the")
BOUNDS = TextBounds(NAMES, WORDS)


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
    assert BOUNDS.is_complete(text)
    assert all(BOUNDS.can_begin(text[:end]) for end in range(len(text)))


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
    assert not BOUNDS.is_complete(text)


def test_without_a_name_nothing_is_whole() -> None:
    assert BOUNDS.can_begin("It is a film.")
    assert not BOUNDS.is_complete("It is a film.")
    assert not TextBounds((), WORDS).is_complete("It is a film.")


def test_it_is_told_early_that_a_text_leaves_its_bounds() -> None:
    assert not BOUNDS.can_begin("It is a gr")
    assert not BOUNDS.can_begin("“Ame")
    assert BOUNDS.can_begin("“Am\ufffd")  # half a letter


def test_where_it_may_end_is_after_a_name() -> None:
    assert BOUNDS.may_end("It is about “The Red Nail”")
    assert BOUNDS.may_end("It is about space.")
    assert not BOUNDS.may_end("It is about space and a")
    assert not BOUNDS.may_end("It is a film.")


@given(st.text(alphabet="a film“”\".,'Rédt spce", max_size=40))
def test_what_does_not_begin_is_never_whole(text: str) -> None:
    if not BOUNDS.can_begin(text):
        assert not BOUNDS.is_complete(text)


def written(model: LocalModel, **more: Any) -> str:
    said: list[dict[str, Any]] = []
    told = {"id": 1, "messages": [["user", "the end of time"]], "tokens": 40, **more}
    model.write(told, WorkQueue(), said.append)
    return "".join(one["piece"] for one in said)


def test_a_network_that_knows_nothing_writes_within_bounds(tmp_path: Path) -> None:
    model = LocalModel(llama(tmp_path))
    names, words = ("space", "the red nail"), ("a", "film", "about", "it", "is")
    free, held = written(model), written(model, names=names, words=words)

    assert not TextBounds(names, words).can_begin(free)
    assert TextBounds(names, words).can_begin(held)
    assert held.strip()
    short = written(model, names=names, words=(), tokens=16)  # ends before it is cut off
    assert TextBounds(names, ()).may_end(short), short


def test_what_was_read_of_a_prompt_before_changes_no_word(tmp_path: Path) -> None:
    """The beginning of a prompt is kept as the network read it; the rest differs."""
    folder = llama(tmp_path)
    rules = ["system", "Write of films in space."]
    asked = [[rules, ["user", text]] for text in ("the red one", "a cat", "the red nail polish")]
    kept = LocalModel(folder)
    again = [written(kept, messages=one) for one in [*asked, *asked]]

    assert again == [written(LocalModel(folder), messages=one) for one in asked] * 2
    assert len(kept._prefix_caches) == 1
