"""Each purpose is enforced where it is followed, on every way in, from the next request on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from converse.test_agent import endpoint
from foretaste.converse.agent import Agent
from foretaste.converse.conversation import Chat
from foretaste.converse.tools import Tools
from foretaste.domain.data import Event, Recommendation, User
from foretaste.errors import InputError, UnrecordedWarning
from foretaste.loop import Foretaste
from foretaste.workspace.privacy_report import privacy_report

NOW = 1_750_000_000.0


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    loop = Foretaste.open(trained)
    yield loop
    loop.close()


def ids(recommendation: Recommendation) -> list[str]:
    return [item.id for item in recommendation]


def click(user: str, item: str, name: str) -> Event:
    return Event(name, "click", NOW, user=user, item=item)


# record ---------------------------------------------------------------------------------------


def test_nothing_is_recorded_in_any_way(shop: Foretaste) -> None:
    shop.set_consent("u1", record=False)
    before = shop.store.counts()["events"]
    with pytest.warns(UnrecordedWarning, match="1 of 2 events"):
        assert shop.record([click("u1", "space-9", "a"), click("u2", "space-9", "b")]) == 1
    assert not shop.identify("a visit", "u1")
    update = shop.steer("u1", less_like=["space-1"])
    assert update.unrecorded == "person"
    with pytest.raises(InputError, match="Not recorded: what you do here is not kept, as you"):
        Tools(shop, "u1").record("space-1", "like")
    assert shop.store.counts()["events"] == before + 1

    recommendation = shop.recommend("u1", query="a rocket")
    assert [(refusal.purpose, refusal.source) for refusal in recommendation.refusals] == [
        ("record", "person")
    ]
    shop.recommendation_log.flush()
    assert shop.store.recommendations_to("u1") == []
    reply = Chat(shop).say("a slow film about space", user="u1")
    assert reply.recommendation is not None
    assert shop.store.conversation(reply.conversation_id) is None
    again = Chat(shop).say("show more", user="u1", conversation=reply.conversation_id)
    assert again.conversation_id == reply.conversation_id

    shop.set_consent("u1", record=None)
    assert shop.record([click("u1", "space-9", "c")]) == 1


def test_a_file_brings_nothing_of_who_refuses(shop: Foretaste, tmp_path: Path) -> None:
    shop.set_consent("u1", record=False)
    path = tmp_path / "more.csv"
    path.write_text("user,item,kind,at\nu1,space-1,click,1750000000\nu2,space-1,click,1750000000\n")
    (result,) = shop.add(path)
    assert (result.added, result.rejected) == (1, 1)
    assert "does not let what they do be recorded" in result.rejects[0].problem
    rejects = (shop.folder / "rejects").rglob("*")
    assert not any(b"u1" in file.read_bytes() for file in rejects if file.is_file())


# personalise ----------------------------------------------------------------------------------


def test_lists_are_as_for_a_stranger(shop: Foretaste) -> None:
    shop.store.put_users([User("u1", {"genre": ("space",)})])
    stranger, own = ids(shop.recommend(n=6)), ids(shop.recommend("u1", n=6))
    assert own != stranger
    shop.set_consent("u1", personalise=False)
    recommendation = shop.recommend("u1", n=6)
    assert ids(recommendation) == stranger
    assert recommendation.refusals[0].text.startswith("Not personal: this suits anybody")
    assert shop.profile("u1") == {}
    page = shop.page("u1", shelves=["for_you", "because_you_took"])
    assert [shelf.kind for shelf in page] == ["for_you"]
    assert ids(shop.generate("u1", n=6).recommendation) == stranger
    shop.set_consent("u1", personalise=True)
    assert ids(shop.recommend("u1", n=6)) == own


def test_a_session_and_a_request_say_it_for_themselves(shop: Foretaste) -> None:
    stranger, own = ids(shop.recommend(n=6)), ids(shop.recommend("u1", n=6))
    shop.set_consent(session="here", personalise=False)
    assert ids(shop.recommend("u1", session="here", n=6)) == stranger
    assert ids(shop.recommend("u1", session="there", n=6)) == own
    recommendation = shop.recommend("u1", n=6, personalise=False)
    assert ids(recommendation) == stranger
    assert [refusal.source for refusal in recommendation.refusals] == ["request"]


# train ----------------------------------------------------------------------------------------


def test_nothing_more_is_learnt_and_the_next_training_leaves_them_out(shop: Foretaste) -> None:
    items = {item.id: item for _, item in shop.store.items()}
    assert "u1" in shop.interactions(items)[0].users
    shop.set_consent("u1", train=False)
    assert "u1" not in shop.interactions(items)[0].users

    def score() -> float:
        return next(item.score for item in shop.recommend(n=20) if item.id == "space-7")

    before = score()
    shop.record([click("u1", "space-7", f"refused {number}") for number in range(5)])
    assert score() == before
    shop.record([click("u2", "space-7", f"allowed {number}") for number in range(5)])
    assert score() > before
    # their own list still comes from what they did
    assert ids(shop.recommend("u1", n=6)) != ids(shop.recommend(n=6))


# share ----------------------------------------------------------------------------------------


def test_no_endpoint_is_asked(trained: Path) -> None:
    with endpoint(lambda _: {"content": "Of space."}) as (settings, sent):
        writer = settings.model_dump(exclude_defaults=True)
        values = {f"language.writer.{name}": value for name, value in writer.items()}
        shop = Foretaste.open(trained, settings=values)
        shop.set_consent("u1", share=False)
        for user, may_share in (("u1", True), ("u2", False)):
            generation = shop.generate(user, n=2, share=may_share)
            assert {passage.wording.author for passage in generation.passages} == {"template"}
            assert generation.recommendation.refusals[-1].purpose == "share"
        chat = Chat(shop, Agent(settings), "big")
        reply = chat.say("a film about space", user="u1")
        assert reply.author == "grammar"
        assert [refusal.purpose for refusal in reply.refusals] == ["share"]
        assert sent == []
        assert list(shop.generate("u2", n=2).passages)
        of_words = len(sent)
        assert of_words
        chat.say("a film about space", user="u2")
        assert len(sent) > of_words
        shop.close()


# minors, and who sees what --------------------------------------------------------------------


def test_of_a_minor_nothing_is_done_and_age_limits_hold(trained: Path) -> None:
    age = {
        "item_attribute": "genre",
        "limits": {"space": 18, "kitchen": 16},
        "unknown_user_age": 40,
    }
    shop = Foretaste.open(trained, settings={"rank.policy.age": age})
    shop.store.put_users([User("u1", {"age": ("30",)}), User("u2", {"age": ("12",)})])
    assert "space-0" in ids(shop.recommend("u1", n=20, candidates=["space-0"]))
    for user in ("u1", "u2", "u3"):
        shop.set_consent(user, minor=True, record=True, personalise=True)
    with pytest.warns(UnrecordedWarning):
        assert shop.record([click("u1", "space-9", "a")]) == 0

    def genres(user: str) -> set[str]:
        return {item.id.split("-")[0] for item in shop.recommend(user, n=20)}

    assert genres("u1") == {"kitchen"}  # 30 is said of them, and they are a minor
    assert genres("u2") == set()
    assert genres("u3") == {"kitchen"}
    assert {refusal.source for refusal in shop.recommend("u1").refusals} == {"minor"}
    shop.close()


def test_age_limits_hold_for_who_wants_no_personal_lists(trained: Path) -> None:
    age = {"item_attribute": "genre", "limits": {"space": 18, "kitchen": 0}}
    shop = Foretaste.open(trained, settings={"rank.policy.age": age})
    shop.store.put_users([User("u1", {"age": ("30",)})])
    shop.set_consent("u1", personalise=False)
    assert ids(shop.recommend("u1", candidates=["space-0"])) == ["space-0"]
    assert ids(shop.recommend("u2", candidates=["space-0"])) == []
    shop.close()


@pytest.mark.parametrize("attributes", [{"birth_year": "2017"}, {"is_kids": "true"}])
def test_the_limit_of_a_child_holds_by_whatever_name_its_age_has(
    trained: Path, attributes: dict[str, str]
) -> None:
    limits = {"item_attribute": "genre", "limits": {"space": 18, "kitchen": 0}}
    age = {**limits, "unknown_user_age": 99}
    shop = Foretaste.open(trained, settings={"rank.policy.age": age})
    shop.store.put_users([User("kid", {name: (value,) for name, value in attributes.items()})])
    assert ids(shop.recommend("kid", candidates=["space-0"])) == []
    shop.set_consent("kid", personalise=False)
    assert ids(shop.recommend("kid", candidates=["space-0"])) == []
    shop.close()


def test_the_export_and_the_report_say_it(shop: Foretaste) -> None:
    shop.set_consent("new", train=False, share=True)
    data = shop.personal("new")
    assert data is not None
    said = {row["purpose"]: row["allowed"] for row in data["consents"]}
    assert said == {"train": False, "share": True}
    text = privacy_report(shop).text()
    assert "done unless refused; refused by Sec-GPC: 1 and DNT: 1; 0 allowed it, 1 refused" in text


def test_who_must_allow_it_first(trained: Path) -> None:
    settings = {"behaviour.consent.record": False, "behaviour.consent.train": False}
    shop = Foretaste.open(trained, settings=settings)
    items = {item.id: item for _, item in shop.store.items()}
    shop.set_consent("u1", record=True, train=True)
    with pytest.warns(UnrecordedWarning):
        assert shop.record([click("u1", "space-9", "a"), click("u2", "space-9", "b")]) == 1
    assert list(shop.interactions(items)[0].users) == ["u1"]
    shop.close()
