"""`POST /v1/identify`, and what the model makes of it."""

from pathlib import Path

import httpx
import numpy as np
import pytest

from foretaste.domain.data import Event
from foretaste.loop import Foretaste

from ..conftest import Refusal
from ..workspace import serving


def events(session: str, *places: int) -> dict[str, object]:
    return {
        "events": [
            {
                "event_id": f"{session}-{n}",
                "session": session,
                "item": f"space-{n}",
                "kind": "click",
            }
            for n in places
        ]
    }


def listed(client: httpx.Client, **who: str) -> list[tuple[str, float]]:
    answer = client.post("/v1/recommend", json={**who, "n": 24})
    assert answer.is_success, answer.text
    return [(item["id"], round(item["score"], 3)) for item in answer.json()["items"]]


def test_the_same_list_on_every_device_in_either_order(copied: Path) -> None:
    with serving(copied) as client:
        client.post("/v1/events", json=events("phone", 1, 2, 3))
        anonymous = listed(client, session="phone")
        answer = client.post("/v1/identify", json={"session": "phone", "user": "new"})
        assert answer.json() == {"new": True}
        again = client.post("/v1/identify", json={"session": "phone", "user": "new"})
        assert again.json()["new"] is False
        client.post("/v1/identify", json={"session": "tv", "user": "new"})
        client.post("/v1/events", json=events("tv", 4))
        known = listed(client, user="new")
        assert known == listed(client, session="phone")
        assert known == listed(client, session="tv")
        assert known == listed(client, user="new", session="tablet")
        assert known != anonymous
        assert not {f"space-{n}" for n in (1, 2, 3, 4)} & {item for item, _ in known}
        client.post("/v1/identify", json={"session": "tv", "user": "other"})
        client.post("/v1/events", json={"events": [events("tv", 9)["events"][0]]})  # type: ignore[index]
        assert "space-9" in dict(listed(client, user="new"))
        assert "space-9" not in dict(listed(client, user="other"))


def test_as_an_event_it_is_the_same_fact(client: httpx.Client) -> None:
    """So that a log which holds it can be sent or imported again."""
    client.post("/v1/events", json=events("log", 5))
    rows = [{"event_id": "log-f", "kind": "identify", "user": "log-user", "session": "log"}]
    assert client.post("/v1/events", json={"events": rows}).json()["accepted"] == 1
    assert "space-5" not in dict(listed(client, user="log-user"))
    answer = client.post("/v1/events", json={"events": [{"kind": "identify", "user": "u"}]})
    assert "an identify needs both a user and a session" in answer.json()["detail"]


def test_what_cannot_be_used(refusal: Refusal) -> None:
    for body, says in (
        ({"session": "s"}, "user: is missing"),
        ({"session": "", "user": "u"}, "session: "),
        ({"session": "s", "usr": "u"}, "did you mean 'user'?"),
    ):
        assert says in refusal("/v1/identify", 422, "invalid", json=body)


def click(name: str, at: float, item: int, user: str | None, session: str | None) -> Event:
    return Event(name, "click", at, user=user, session=session, item=f"space-{item}")


@pytest.mark.parametrize("late", [False, True])
def test_all_readers_count_the_same_and_nothing_twice(copied: Path, late: bool) -> None:
    """One reader learns each event as it comes, another all of them at once, after the merge."""
    eager, lazy = Foretaste.open(copied), Foretaste.open(copied)
    eager.catch_up()
    base = 1.75e9

    def step(work: Event | tuple[str, str]) -> None:
        if isinstance(work, Event):
            eager.record([work])
        else:
            eager.identify(*work)
        eager.catch_up()

    visit = [click(f"v{n}", base + 10 + n, n, None, "s") for n in range(4)]
    step(click("u1", base, 7, "ann", None))
    for event in visit[:3]:
        step(event)
    step(click("u2", base + 20, 8, "ann", None))
    step(("s", "ann"))
    step(("s", "ann"))
    step(visit[3])
    step(click("u3", base + (11.5 if late else 30), 9, "ann", None))
    lazy.catch_up()
    one, other = eager.catch_up().product, lazy.catch_up().product
    for mine, theirs in zip(one.experts, other.experts, strict=True):
        arrays, others = mine.state()[0], theirs.state()[0]
        assert arrays.keys() == others.keys()
        for name in arrays:
            np.testing.assert_allclose(arrays[name], others[name], rtol=1e-5, err_msg=mine.name)
    assert [event.event_id for event in lazy.store.history(None, "s") if event.item] == (
        ["u1", "v0", "v1", "u3", "v2", "v3", "u2"]
        if late
        else ["u1", "v0", "v1", "v2", "v3", "u2", "u3"]
    )
    eager.close()
    lazy.close()
