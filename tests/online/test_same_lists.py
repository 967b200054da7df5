"""Lists and scores of a fixed workspace are those of commit 069f06e, to 1e-5.

The workspace is the one of `tests/workspace`; it is asked as it was trained, and again after events
and items have come. Those of queries after new items are newer: words are weighed by all the texts
there are, also by those that came after the load. So are those of a query with words that no item
has (“with”), which count for no more than is known of them.
`python -m tests.online.test_same_lists` writes
down what comes out.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from foretaste.domain.data import Event, Item, Request, User
from foretaste.loop import Foretaste
from foretaste.workspace.backup import restore

BACKUP = Path(__file__).parents[1] / "workspace" / "7a8d2a0.zip"
STORED = Path(__file__).with_name("same_lists.json")
NOW = 1_700_200_000.0
PLAIN: Mapping[str, Any] = {"explore": 0.0, "n": 12, "now": NOW, "incognito": True}
QUESTIONS: Mapping[str, Mapping[str, Any]] = {
    "nobody": {},
    "known user": {"user": "u1"},
    "another user": {"user": "u4"},
    "unknown user": {"user": "u1000"},
    "session": {"session": "visit-1"},
    "stated taste": {"user": "u-taste"},
    "user who hid items": {"user": "u7"},
    "query": {"query": "rocket"},
    "query of a user": {"user": "u2", "query": "soup with salt"},
    "query with a slip of the pen": {"user": "u2", "query": "galaxi"},
    "similar": {"items": ("space-3",)},
    "similar for a user": {"user": "u6", "items": ("kitchen-1", "kitchen-2")},
    "rank": {"user": "u1", "candidates": ("kitchen-1", "space-2", "space-1", "gone", "space-9")},
    "trending": {"window": 30 * 86_400.0},
    "filter": {"user": "u1", "filter": {"genre": "kitchen"}},
    "composed filter": {
        "user": "u1",
        "filter": {"or": [{"genre": "kitchen"}, {"not": {"id": ["space-5", "space-6"]}}]},
    },
    "boost": {"user": "u1", "rules": ({"boost": {"genre": "kitchen"}, "by": 2},)},
    "pin": {"user": "u1", "rules": ({"pin": "kitchen-3", "at": 2},)},
    "promote": {"user": "u3", "rules": ({"promote": {"genre": "kitchen"}, "percent": 30},)},
    "diversity": {"user": "u1", "diversity": 0.6},
    "relative floor": {"user": "u1", "min_relative_likelihood": 0.05},
    "explained": {"user": "u1", "explain": True},
    "preferences": {"user": "u9"},
    "context": {"user": "u5", "context": {"text": "something with a comet", "device": "tv"}},
    "a minute after": {"user": "u1", "now": 1_700_002_000.0},
}
PROFILE = [
    {"filter": {"genre": "space"}, "nats": -1.5},
    {"filter": {"id": "kitchen-2"}, "mute": True},
]


def happen(workspace: Foretaste) -> None:
    """Events of many people and items that nobody had met, some of them changed or hidden."""
    events = [
        Event(
            f"later-{number}",
            ("click", "purchase", "view", "like")[number % 4],
            1_700_100_000.0 + 60 * number - 7_000 * (number % 5 == 0),
            user=f"u{number % 9}" if number % 3 else None,
            session=None if number % 3 else f"visit-{number % 2}",
            item=f"{('space', 'kitchen')[number % 2]}-{number * 7 % 10}",
        )
        for number in range(80)
    ]
    workspace.record(events)
    new = [
        Item(f"new-{number}", f"The {word} [{genre}]", attributes={"genre": (genre, "new")})
        for number, (word, genre) in enumerate(
            [("meteor", "space"), ("kettle", "kitchen"), ("lander", "space"), ("ladle", "kitchen")]
        )
    ]
    changed = Item("space-4", "The orbit of bread", attributes={"genre": ("space", "kitchen")})
    workspace.store.put_items([*new, changed, Item("kitchen-8", "The salt", hidden=True)])
    workspace.catch_up()
    workspace.record(
        [
            Event("new-1", "click", 1_700_150_000.0, user="u1", item="new-0"),
            Event("new-2", "purchase", 1_700_150_060.0, user="u1", item="new-2"),
            Event("new-3", "click", 1_700_150_120.0, user="u2", item="new-1"),
            Event("new-4", "hide", 1_700_150_180.0, user="u7", item="space-1"),
            Event("new-5", "search", 1_700_150_240.0, user="u3", query="a telescope"),
        ]
    )


def lists(workspace: Foretaste) -> dict[str, list[tuple[str, float]]]:
    return {
        name: [
            (item.id, item.score) for item in workspace.recommend(Request(**{**PLAIN, **question}))
        ]
        for name, question in QUESTIONS.items()
    }


def both(folder: Path) -> dict[str, Any]:
    """The lists as trained, and after what happened."""
    restore(BACKUP, folder)
    workspace = Foretaste.open(folder)
    workspace.store.put_users([User("u-taste", {"genre": ("space",)})])
    trained = lists(workspace)
    happen(workspace)
    workspace.steer("u9", changes=PROFILE)
    later = lists(workspace)
    workspace.close()
    return {"as trained": trained, "after what happened": later}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return both(tmp_path_factory.mktemp("same") / "workspace")


@pytest.mark.parametrize("moment", ["as trained", "after what happened"])
@pytest.mark.parametrize("question", QUESTIONS)
def test_lists_and_scores_are_the_same(
    answers: Mapping[str, Any], moment: str, question: str
) -> None:
    stored: Sequence[tuple[str, float]] = json.loads(STORED.read_text())[moment][question]
    answer = answers[moment][question]
    assert [item for item, _ in answer] == [item for item, _ in stored]
    scores = [score for _, score in stored]
    assert [score for _, score in answer] == pytest.approx(scores, abs=1e-5, rel=1e-5)


def test_the_questions_and_what_happens_make_a_difference(answers: Mapping[str, Any]) -> None:
    trained, later = answers["as trained"], answers["after what happened"]
    assert sum(trained[name] != later[name] for name in QUESTIONS) > len(QUESTIONS) // 2
    assert len({json.dumps(trained[name]) for name in QUESTIONS}) > 0.8 * len(QUESTIONS)


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        answers_now = both(Path(folder) / "workspace")
    lines = (
        f" {json.dumps(name)}: {json.dumps(questions)}" for name, questions in answers_now.items()
    )
    STORED.write_text("{\n" + ",\n".join(lines) + "\n}\n")
