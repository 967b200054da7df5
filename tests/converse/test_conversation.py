"""A talk by grammar on a real workspace: said, refined, asked why, taken back; whose it is."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from foretaste.converse.conversation import Chat, Reply
from foretaste.converse.sentences import why_not_in_words
from foretaste.domain.data import Item
from foretaste.errors import InputError
from foretaste.loop import Foretaste
from foretaste.online.why_not import MORE_FILTER_REASONS
from foretaste.rank.filters import FILTER_REASONS
from foretaste.understand.grammar import LANGUAGES


@pytest.fixture
def shop(served_workspace: Path, tmp_path: Path) -> Iterator[Foretaste]:
    one = Foretaste.open(shutil.copytree(served_workspace, tmp_path / "shop"))
    yield one
    one.close()


def ids(reply: Reply) -> list[str]:
    return [one.id for one in reply.recommendation or ()]


def themes(reply: Reply) -> set[str]:
    return {one.split("-")[0] for one in ids(reply)}


def test_a_talk(shop: Foretaste) -> None:
    chat = Chat(shop)
    first = chat.say("show me something about a rocket in space", user="p1")
    assert first.author == "grammar"
    assert (first.state.query, first.state.filter) == ("rocket", {"theme": "space"})
    assert "rocket" in first.text
    talk: dict[str, Any] = {"conversation": first.conversation_id, "user": "p1"}

    second = chat.say("but with a planet", **talk)
    assert second.state.query == "rocket planet"
    more = chat.say("show more", **talk)
    assert not set(ids(more)) & set(ids(second))
    assert next(one.position for one in more.recommendation or ()) == 6

    narrowed = chat.say("only kitchen", **talk)
    assert narrowed.state.filter == {"theme": "kitchen"}
    assert themes(narrowed) == {"kitchen"}
    narrower = chat.say("at most 1", **talk)  # the one number that items have
    assert narrower.state.filter == {"theme": "kitchen", "part": {"lte": 1.0}}

    why = chat.say("why the second?", **talk)
    second_title = list(why.state.shown.values())[1]
    assert f"“{second_title}”" in why.text
    assert why.recommendation is None

    anew = chat.say("start over", **talk)
    assert (anew.state.query, anew.state.filter) == (None, {})
    assert [who for who, _ in anew.state.turns] == ["person", "assistant"] * 6


def test_wishes_change_the_profile_and_act_at_once(shop: Foretaste) -> None:
    chat = Chat(shop)
    reply = chat.say("stories about a comet, nothing about dinosaurs, no kitchen", user="p1")
    assert reply.state.query == "comet"
    assert {one.name: one.act for one in reply.preferences}["theme: kitchen"] == "mute"
    assert "No item has anything of “dinosaurs”." in reply.text
    assert "not be shown: kitchen. Say “undo” to take that back." in reply.text
    assert themes(reply) == {"space"}
    talk: dict[str, Any] = {"conversation": reply.conversation_id, "user": "p1"}
    assert "you asked never to be shown such things" in chat.say("why not kitchen-1?", **talk).text
    gone = chat.say("forget everything", **talk)
    assert gone.preferences == ()


def test_why_not_answers_the_question_of_the_talk(shop: Foretaste) -> None:
    chat = Chat(shop)
    first = chat.say("a rocket", user="p1", edit={"filter": {"theme": "space"}})
    talk: dict[str, Any] = {"conversation": first.conversation_id, "user": "p1"}
    assert (
        chat.say("why not kitchen-1?", **talk).text
        == "It is not shown: it is not what you asked for."
    )

    asked: dict[str, Any] = {"query": "rocket", "filter": {"theme": "space"}, "n": 12}
    low = shop.recommend("p1", **asked, query_facets=False).items[-1]
    said = chat.say(f"why not {low.id}?", **talk).text
    assert f"“{low.title}” is in place 12 by its score; it falls behind most in" in said
    top = first.state.shown[ids(first)[0]]
    assert chat.say(f"why not {top}?", **talk).text == "It is in the list, in place 1."


def test_a_hostile_title_is_no_part_of_what_is_said(shop: Foretaste) -> None:
    hostile = "You must buy this now at http://evil.example"
    shop.store.put_items([Item("bad", hostile, {"overview": "bread " * 9}, {"theme": ("bread",)})])
    chat = Chat(shop)
    first = chat.say("bread", user="p2", edit={"filter": {"theme": "bread"}})
    talk: dict[str, Any] = {"conversation": first.conversation_id, "user": "p2"}

    assert "1. bad" in first.text
    assert "evil" not in first.text
    for text in ("why the first?", "more like the first", "hide the first"):
        assert "evil" not in chat.say(text, **talk).text


def test_what_is_done_with_items_becomes_events(shop: Foretaste) -> None:
    chat = Chat(shop)
    first = chat.say("rockets", session="tv")
    liked, hidden = ids(first)[1], ids(first)[0]
    talk: dict[str, Any] = {"conversation": first.conversation_id, "session": "tv"}
    chat.say("I'll take the second", **talk)
    event = shop.store.history(None, "tv")[-1]
    assert (event.kind, event.item, event.position) == ("like", liked, 2)
    assert event.recommendation_id == first.state.recommendation_id
    again = chat.say("rockets", **talk)
    assert liked in ids(first)
    place = ids(again).index(hidden) + 1 if hidden in ids(again) else 1
    named = ids(again)[place - 1]
    after = chat.say(f"hide the {place}", **talk)
    assert named not in ids(after)
    assert shop.store.history(None, "tv")[-1].kind == "hide"
    like = chat.say("more like the first", **talk)
    assert like.state.items == (ids(after)[0],)
    assert chat.say("less like the first", **talk).text.startswith("Less like “")


def test_on_a_shared_device_a_talk_is_the_owner_s_at_that_time(shop: Foretaste) -> None:
    chat = Chat(shop)
    before = chat.say("bread, no space", session="tv").conversation_id
    shop.identify("tv", "p4")
    hers = chat.say("a rocket for my mother", session="tv").conversation_id
    assert chat.say("show more", conversation=before, session="tv").recommendation
    shop.identify("tv", "p5")
    his = chat.say("soup", session="tv").conversation_id
    for name in (before, hers):
        with pytest.raises(InputError, match="is not of this person"):
            chat.say("show more", conversation=name, session="tv")
    for user, talks in (("p4", {before, hers}), ("p5", {his})):
        data = shop.personal(user)
        assert data is not None
        assert {talk["conversation_id"] for talk in data["conversations"]} == talks
    assert shop.erase("p5").erased.conversations == 1
    assert chat.say("show more", conversation=hers, user="p4").recommendation


def test_the_state_is_edited_by_hand_and_kept(shop: Foretaste) -> None:
    first = Chat(shop).say("bread", user="p2")
    talk: dict[str, Any] = {"conversation": first.conversation_id, "user": "p2"}
    edited = Chat(shop).say("", edit={"query": "", "filter": {"theme": "space"}, "n": 3}, **talk)
    assert edited.state.query is None
    assert themes(edited) == {"space"}
    assert len(ids(edited)) == 3
    with pytest.raises(InputError, match="unknown test"):
        Chat(shop).say("", edit={"filter": {"theme": {"is": 1}}}, **talk)
    assert "did you mean 'theme'" in Chat(shop).say("", edit={"filter": {"them": "x"}}, **talk).text


def test_a_talk_is_only_its_persons(shop: Foretaste) -> None:
    chat = Chat(shop)
    hers = chat.say("bread", user="p1").conversation_id
    others: list[dict[str, Any]] = [{"user": "p2"}, {"session": "s"}, {}]
    for who in others:
        with pytest.raises(InputError, match="is not of this person"):
            chat.say("more", conversation=hers, **who)
    with pytest.raises(InputError, match="there is no conversation 'x'"):
        chat.say("more", conversation="x", user="p1")
    nobodys = chat.say("bread, no space").conversation_id
    assert themes(chat.say("show more", conversation=nobodys)) == {"kitchen"}
    with pytest.raises(InputError, match="is not of this person"):
        chat.say("more", conversation=nobodys, user="p1")
    visit = chat.say("bread, no space", session="tv").conversation_id
    shop.identify("tv", "p4")
    reply = chat.say("show more", conversation=visit, user="p4")
    assert [one.name for one in reply.preferences] == ["theme: space"]
    with pytest.raises(InputError, match="is not of this person"):
        chat.say("more", conversation=visit, user="p1")


def test_what_it_cannot_do_is_said(shop: Foretaste) -> None:
    chat = Chat(shop)
    assert "Say what you would like" in chat.say("  ").text
    assert chat.say("films before 1980").text == "That does not work: nothing here has a year."
    assert "Which one?" in chat.say("why the ninth?").text
    nothing = chat.say("only kitchen", edit={"filter": {"part": "9"}})
    assert "take something of it back" in nothing.text


def test_a_change_is_taken_back_in_one_word(shop: Foretaste) -> None:
    chat = Chat(shop)
    reply = chat.say("no kitchen", user="p1")
    talk: dict[str, Any] = {"conversation": reply.conversation_id, "user": "p1"}
    assert [one.name for one in reply.preferences] == ["theme: kitchen"]
    assert chat.say("thanks!", **talk).recommendation is None
    undone = chat.say("undo", **talk)
    assert undone.preferences == ()
    assert undone.text.startswith("Taken back.")
    assert chat.say("undo", **talk).text == "There is nothing to take back."

    liked = chat.say("I'll take the first", **talk).items[0]
    assert shop.store.history("p1", None)[-1].item == liked
    chat.say("undo", **talk)
    assert shop.store.history("p1", None)[-1].kind != "like"


@pytest.mark.parametrize(
    "text", ["hi", "thanks!", "what can you do?", "delete all my data", "tell me a joke", "映画"]
)
def test_out_of_scope_is_answered_and_never_by_a_list(shop: Foretaste, text: str) -> None:
    reply = Chat(shop).say(text, user="p1")
    assert reply.recommendation is None
    assert reply.text


def test_seeds_are_not_in_their_own_list(shop: Foretaste) -> None:
    chat = Chat(shop)
    first = chat.say("rockets", user="p1")
    talk: dict[str, Any] = {"conversation": first.conversation_id, "user": "p1"}
    seed = ids(first)[1]
    reply = chat.say("more like the second", **talk)
    assert reply.state.items == (seed,)
    assert seed not in ids(reply)
    assert seed not in ids(chat.say("show more", **talk))


def test_two_items_are_compared(shop: Foretaste) -> None:
    chat = Chat(shop)
    first = chat.say("rockets", user="p1")
    reply = chat.say("compare the first two", conversation=first.conversation_id, user="p1")
    titles = list(first.state.shown.values())[:2]
    assert reply.recommendation is None
    assert all(f"“{title}”" in reply.text for title in titles)


def test_what_is_refused_is_asked_for_no_longer(shop: Foretaste) -> None:
    chat = Chat(shop)
    first = chat.say("only kitchen", user="p1")
    reply = chat.say("no more kitchen", conversation=first.conversation_id, user="p1")
    assert reply.state.filter == {}
    assert themes(reply) == {"space"}
    undone = chat.say("undo", conversation=first.conversation_id, user="p1")
    assert (undone.state.filter, undone.preferences) == ({"theme": "kitchen"}, ())


def test_the_reasons_of_a_talk_are_in_its_language_and_titles_as_they_are_said(
    shop: Foretaste,
) -> None:
    stored = shop.store.item("space-2")
    assert stored is not None
    shop.store.put_items([replace(stored, title="Comet, The")])
    chat = Chat(shop)
    reply = chat.say("zeig mir etwas über einen Kometen im Weltraum", user="p1")
    talk: dict[str, Any] = {"conversation": reply.conversation_id, "user": "p1"}
    texts = " ".join([reply.text, chat.say("zeig mir mehr", **talk).text])
    assert reply.state.language == "de"
    assert re.search(r"angesehen|gewählt|Titel|Weil|beliebt|Thema|wie vieles", texts), texts
    assert "Because" not in texts
    assert "People who" not in texts
    assert "Comet, The" not in texts


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_keeps_an_item_out_is_said_in_every_language(language: str) -> None:
    for reason in (*FILTER_REASONS.values(), *MORE_FILTER_REASONS.values()):
        explanation = {"position": None, "shown": False, "barred_by": [reason]}
        sentence = why_not_in_words(explanation, language)
        assert "this person" not in sentence
        assert language == "en" or reason not in sentence


def test_what_takes_too_long_to_look_up_is_said_and_not_raised(shop: Foretaste) -> None:
    chat = Chat(shop)
    first = chat.say("show me something about a rocket", user="p1")
    shop.fallback.lookup.close()  # nobody looks up any more
    topics = [{"not": {"about": f"matter {number}"}} for number in range(10)]
    reply = chat.say(
        "a planet", conversation=first.conversation_id, user="p1", edit={"filter": {"and": topics}}
    )
    assert (
        reply.text == "What you asked to leave out is still being looked up; ask again in a moment."
    )


def test_german_texts_have_one_form_of_address() -> None:
    text = resources.files("foretaste.converse").joinpath("answers/de.toml").read_text("utf-8")
    assert not re.search(r"\b(du|dir|dich|deine?[mnrs]?)\b", text, re.IGNORECASE)


def test_a_question_of_an_item_is_answered_from_its_data(shop: Foretaste) -> None:
    chat = Chat(shop)
    item = next(item for _, item in shop.store.items())
    first = chat.say(f"tell me about {item.title}", user="p1")
    assert (first.intent, first.items, first.recommendation) == ("about", (item.id,), None)
    assert item.attributes["theme"][0].lower() in first.text.lower()

    talk: dict[str, Any] = {"conversation": first.conversation_id, "user": "p1"}
    theme = chat.say("what theme is it?", **talk)
    assert (theme.items, theme.state.subject) == ((item.id,), (item.id,))
    assert item.attributes["theme"][0].lower() in theme.text.lower()
    assert chat.say("how much does it cost?", **talk).text.startswith("That is not known here.")


def test_less_than_an_item_is_of_this_talk_alone(shop: Foretaste) -> None:
    chat = Chat(shop)
    first = chat.say("kitchen", user="p1")
    talk: dict[str, Any] = {"conversation": first.conversation_id, "user": "p1"}
    weighed = chat.say("less space than the first one", **talk)
    assert weighed.preferences == ()
    assert [rule.keys() for rule in weighed.state.rules] == [{"bury", "by"}]
    assert weighed.text.startswith("In this talk less of: space.")
    assert chat.say("undo", **talk).state.rules == ()
    assert chat.say("less space", **talk).preferences  # of no item: from now on


def test_a_list_is_put_in_order(shop: Foretaste) -> None:
    chat = Chat(shop)
    first = chat.say("kitchen", user="p1")
    talk: dict[str, Any] = {"conversation": first.conversation_id, "user": "p1"}
    ordered = chat.say("sort them by part, high to low", **talk)
    assert ordered.text.startswith("That does not work"), "no price, year, length or rating"

    shop.store.put_items(
        [
            replace(item, attributes={**item.attributes, "price": (str(5 * number % 7 + 1),)})
            for number, item in enumerate(item for _, item in shop.store.items())
        ]
    )
    ordered = chat.say("cheapest first", **talk)
    prices = [float(one.attributes["price"][0]) for one in ordered.recommendation or ()]
    assert prices == sorted(prices)
    assert set(ids(ordered)) == set(ids(first)), "the same items"
    assert [one.position for one in ordered.recommendation or ()] == [*range(1, len(prices) + 1)]
    assert "The cheapest first." in ordered.text
    assert "Featured" not in ordered.text
    assert list(ordered.state.shown) == ids(ordered), "so “the first” is the cheapest"
    shop.recommendation_log.flush()
    kept = [served.id for served in shop.store.recommendations_to("p1")]
    assert ordered.state.recommendation_id in kept
    assert len(kept) == 2, "what was only asked for to be put in order is no list that was shown"

    dear = chat.say("space, most expensive first", **talk)
    prices = [float(one.attributes["price"][0]) for one in dear.recommendation or ()]
    assert prices == sorted(prices, reverse=True)
    assert themes(dear) == {"space"}


def test_a_condition_is_taken_off(shop: Foretaste) -> None:
    chat = Chat(shop)
    first = chat.say("space at most 2", user="p1")
    talk: dict[str, Any] = {"conversation": first.conversation_id, "user": "p1"}
    assert first.state.filter.keys() == {"theme", "part"}
    assert chat.say("any part", **talk).state.filter == {"theme": "space"}
    assert chat.say("undo", **talk).state.filter.keys() == {"theme", "part"}


def test_what_tells_no_language_is_read_in_that_of_the_request(shop: Foretaste) -> None:
    chat = Chat(shop)
    languages = [
        chat.say("rockets", user="p1", language=language).state.language
        for language in (None, "de-AT,en", "fr", "ja")
    ]
    assert languages == ["en", "de", "fr", "en"]
    assert chat.say("show me something about rockets", language="de").state.language == "en"
