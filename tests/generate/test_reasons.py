"""Reasons: true sentences on terms that raise the score, the most definite first."""

import ast
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from babel.messages.pofile import read_po
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.domain.data import Catalogue, Event, Item, Term, UserContext
from foretaste.domain.feature_types import FeatureDescription, FeatureSettings
from foretaste.domain.media import MediaSpace
from foretaste.domain.text_limits import MAX_QUOTE_LENGTH
from foretaste.generate import list_evidence
from foretaste.generate.checker import find_reason_fault
from foretaste.generate.feature_phrases import feature_phrase
from foretaste.generate.list_evidence import ListEvidence
from foretaste.generate.messages import (
    LANGUAGES,
    accepted_languages,
    best_language,
    messages_in,
)
from foretaste.generate.reasons import (
    ListReasons,
    compose_reasons,
    placed_reason,
    trending_reason,
    window_period,
)
from foretaste.model.experts.sequence import MAX_NAMED_EVENTS
from foretaste.prepare.catalogue_builder import build_catalogue
from foretaste.prepare.interactions import build_user_context

FILMS = [
    ("metal", "Heavy Metal", "1981", "Gerald Potterton", "Sci-Fi"),
    ("crystal", "Dark Crystal, The", "1982", "Jim Henson", "Fantasy"),
    ("maze", "Labyrinth", "1986", "Jim Henson", "Fantasy"),
    ("tron", "Tron", "1982", "Steven Lisberger", "Sci-Fi"),
    ("khan", "Star Trek II: The Wrath of Khan", "1982", "Nicholas Meyer", "Sci-Fi"),
    ("heat", "Heat", "1995", "Michael Mann", "Crime"),
    ("space", "Lost in Space", "1998", "Stephen Hopkins", "Sci-Fi"),
]
HISTORY = ("metal", "crystal", "khan")


def shelf() -> Catalogue:
    items = [
        Item(
            id_,
            title,
            {"plot": "Astronauts dig for treasure."} if id_ == "tron" else {},
            {"year": (year,), "director": (director,), "genre": (genre,)},
        )
        for id_, title, year, director, genre in FILMS
    ]
    vectors = np.eye(len(items), 8, dtype=np.float32)
    vectors[2] = vectors[1]  # Labyrinth reads like The Dark Crystal
    looks = np.eye(len(items), 8, dtype=np.float32)[::-1].copy()
    looks[3] = looks[0]  # Tron looks like Heavy Metal
    looks[6] = 0  # of Lost in Space there is no picture
    media = tuple(MediaSpace(name, "one", looks) for name in ("image", "audio", "vector:mood"))
    return build_catalogue(items, vectors, media=media)


SHELF = shelf()


def past(
    ids: Sequence[str] = HISTORY, kind: str = "rating", query: str | None = None
) -> UserContext:
    events = [
        Event(f"e{place}", kind, float(place), user="u", item=id_) for place, id_ in enumerate(ids)
    ]
    return build_user_context(events, SHELF.index, {kind: 1.0}, (kind,), now=99.0, query=query)


def evidence(
    context: UserContext | None = None, language: str = "en", **fields: object
) -> ListEvidence:
    kinds = ("rating",)
    given_fields: dict[str, object] = {"event_types": kinds} | fields
    return ListEvidence(
        SHELF, past() if context is None else context, messages=messages_in(language),
        **given_fields,  # type: ignore[arg-type]
    )  # fmt: skip


def said(
    terms: Sequence[Term], item: str = "tron", known: ListEvidence | None = None, most: int = 2
) -> list[str]:
    """The sentences of one item."""
    reasons = compose_reasons(
        [SHELF.index[item]], [terms], evidence() if known is None else known, max_reasons=most
    )
    return [reason.text for reason in reasons.items[0]]


YEAR = Term("attribute:year", 0.6, feature="year: 1982")
FOLLOWS = Term("transition", 0.5, event="khan")
NETWORK = [
    Term("sequence", 0.7, feature="whole history"),
    Term("sequence", 0.3, event="metal"),
    Term("sequence", 0.5, event="crystal"),
    Term("sequence", -0.2, event="khan"),
]


LOOKS = {
    "en": ("Looks like Heavy Metal", "Much like Heavy Metal", "Looks like your picture"),
    "de": ("Sieht aus wie Heavy Metal", "Ganz ähnlich wie Heavy Metal", "Sieht aus wie Ihr Bild"),
    "fr": ("Ressemble à Heavy Metal", "Très proche de Heavy Metal", "Ressemble à votre image"),
    "es": ("Se parece a Heavy Metal", "Muy similar a Heavy Metal", "Se parece a su imagen"),
}
SOUNDS = {
    "en": ("Sounds like Heavy Metal", "Sounds like your clip"),
    "de": ("Klingt wie Heavy Metal", "Klingt wie Ihre Aufnahme"),
    "fr": ("Sonne comme Heavy Metal", "Sonne comme votre extrait"),
    "es": ("Suena como Heavy Metal", "Suena como su grabación"),
}


@pytest.mark.parametrize("language", SOUNDS)
def test_what_it_sounds_like_is_told(language: str) -> None:
    heard = Term("media:audio", 0.8, event="metal")
    sent = Term("media:audio", 5.0, feature="clip")
    known = evidence(language=language)
    assert [said([term], known=known) for term in (heard, sent)] == [
        [sentence] for sentence in SOUNDS[language]
    ]


@pytest.mark.parametrize("language", LOOKS)
def test_what_it_looks_like_is_told(language: str) -> None:
    image = Term("media:image", 0.8, event="metal")
    own = Term("media:vector:mood", 0.8, event="metal")
    sent = Term("media:image", 5.0, feature="picture")
    known = evidence(language=language)
    assert [said([term], known=known) for term in (image, own, sent)] == [
        [sentence] for sentence in LOOKS[language]
    ]


def test_beside_words_less_makes_it_like_what_was_sent() -> None:
    sent = Term("media:image", 0.6, feature="picture")
    assert said([sent], known=evidence(past(query="red"))) == ["Looks like your picture"]
    assert said([sent]) != ["Looks like your picture"]


def test_of_the_very_recording_no_likeness_is_told() -> None:
    """Nor where what it sounds like counts for more, as in a small catalogue."""
    same = Term("audio_match", 3.0, feature="the same recording")
    sounds = Term("media:audio", 40.0, feature="clip")
    assert said([sounds, same]) == ["The same recording as your clip"]


def test_what_does_not_look_alike_is_not_said_to() -> None:
    unsaid = [
        said([Term("media:image", 0.8, event="crystal")]),  # it counts, but is not alike
        said([Term("media:image", -0.1, event="metal")]),
        said([Term("media:image", 0.8, event="metal")], item="space"),
        said([Term("media:smell", 0.8, event="metal")]),
        said([Term("media:audio", 0.8, event="crystal")]),
        said([Term("media:image", 0.5, feature="picture")]),
    ]
    assert not any("ike " in text and "Sci-Fi" not in text for texts in unsaid for text in texts)


def test_the_most_definite_comes_first_and_there_are_two_at_most() -> None:
    terms = [Term("popularity", 0.9, feature="popularity"), YEAR, FOLLOWS, *NETWORK]
    assert said(terms) == [
        "People who watched Star Trek II: The Wrath of Khan often go on to this",
        "From the early 1980s, like much of what you watched",
    ]
    assert said(terms, most=0) == []


def test_the_network_names_the_two_events_it_leaned_on() -> None:
    reasons = compose_reasons([SHELF.index["tron"]], [NETWORK], evidence()).items[0]
    assert [reason.text for reason in reasons] == [
        "Because you watched The Dark Crystal and Heavy Metal"
    ]
    assert reasons[0].contribution == pytest.approx(1.3)
    assert (reasons[0].event, reasons[0].expert) == ("crystal", "sequence")


def test_more_terms_of_the_same_events_say_the_same() -> None:
    """With `explain` a network tells of older events too: the reasons stay as they are."""
    older = [f"old{number}" for number in range(5)]
    deep = [
        Term("sequence", NETWORK[0].nats - 2.0, feature="whole history"),
        *NETWORK[1:],
        *(Term("sequence", 0.4, event=id_) for id_ in older),
    ]
    assert said(deep) == said(NETWORK)


def test_as_many_events_are_looked_at_as_the_network_tells_of() -> None:
    assert list_evidence.MAX_LOOKED_AT_EVENTS == MAX_NAMED_EVENTS


def test_what_was_refused_is_no_reason() -> None:
    context = build_user_context(
        [Event("e", "hide", 1.0, user="u", item="crystal")],
        SHELF.index, {"hide": -1.0}, ("hide",), now=9.0,
    )  # fmt: skip
    assert said(NETWORK, known=evidence(context, event_types=("hide",))) == []


def test_a_seed_of_the_list_was_not_taken() -> None:
    known = evidence(seeds=frozenset({"crystal"}))
    assert said(NETWORK, known=known) == ["Goes with The Dark Crystal"]


def test_what_is_so_of_few_past_items_names_them() -> None:
    director = Term("attribute:director", 0.6, feature="director: Jim Henson")
    assert said([director], "maze") == ["Directed by Jim Henson, like The Dark Crystal"]
    assert said([Term("attribute:genre", 0.4, feature="genre: Crime")], "heat") == []


def test_a_taste_that_was_stated_is_told_as_such() -> None:
    from dataclasses import replace

    context = replace(past(()), taste={"genre": ("Crime",)})
    term = Term("attribute:genre", 0.4, feature="genre: Crime")
    assert said([term], "heat", evidence(context)) == ["Crime, as you said you like"]


def test_it_is_close_in_theme_only_to_what_reads_like_it() -> None:
    close = [Term("content", 0.6, event="crystal")]
    assert said(close, "maze") == ["Close in theme to The Dark Crystal"]
    assert said(close, "tron") == ["Because you watched The Dark Crystal"]
    rare = [*close, Term("popularity", -1.0, feature="popularity")]
    assert said(rare, "maze") == ["Little known; close in theme to The Dark Crystal"]


def test_nothing_is_said_of_the_item_itself_nor_of_what_speaks_against_it() -> None:
    assert said([Term("content", 2.0, event="maze")], "maze", evidence(past(("maze",)))) == []
    assert said([Term("transition", -2.0, event="khan")]) == ["Sci-Fi, like Heavy Metal"]
    assert (
        said([Term("repeat", 9.0, feature="new"), Term("popularity", 9.0, feature="average item")])
        == []
    )
    assert said([]) == []


def test_parts_of_one_reason_are_added_up_and_have_their_share() -> None:
    terms = [FOLLOWS, Term("transition", 0.3, event="khan"), Term("content", 0.2, event="metal")]
    (reason,) = compose_reasons([SHELF.index["tron"]], [terms], evidence()).items[0]
    assert reason.contribution == pytest.approx(0.8)
    assert reason.share == pytest.approx(0.8)
    fields = reason.to_json_dict()
    assert set(fields) == {"text", "contribution", "share", "expert", "event"}


def test_what_is_true_of_every_item_stands_over_the_list() -> None:
    items = [SHELF.index[id_] for id_ in ("tron", "heat", "maze")]
    director = Term("attribute:director", 0.6, feature="director: Jim Henson")
    terms = [NETWORK, NETWORK, [*NETWORK, director]]
    reasons: ListReasons = compose_reasons(items, terms, evidence())
    assert reasons.headline == "Because you watched The Dark Crystal and Heavy Metal"
    assert [[one.text for one in own] for own in reasons.items] == [
        [],
        [],
        ["Directed by Jim Henson, like The Dark Crystal"],
    ]


def test_neighbours_in_a_list_do_not_name_the_same_past_item() -> None:
    items = [SHELF.index[id_] for id_ in ("tron", "heat", "space")]
    both = [Term("transition", 0.9, event="khan"), Term("transition", 0.6, event="metal")]
    terms = [both, both, [Term("transition", 0.5, event="crystal")]]
    reasons = compose_reasons(items, terms, evidence(), max_reasons=1)
    assert [own[0].event for own in reasons.items] == ["khan", "metal", "crystal"]


def test_a_past_item_is_named_again_where_nothing_else_is_true() -> None:
    items = [SHELF.index[id_] for id_ in ("tron", "heat", "maze")]
    popular = Term("popularity", 2.0, feature="popularity")
    terms = [[FOLLOWS], [FOLLOWS, popular], [popular]]
    reasons = compose_reasons(items, terms, evidence(), max_reasons=1)
    assert [[reason.event for reason in own] for own in reasons.items][:2] == [["khan"], ["khan"]]


def test_a_sentence_about_every_item_is_said_of_all() -> None:
    items = [SHELF.index[id_] for id_ in ("tron", "heat", "maze")]
    reasons = compose_reasons(items, [[FOLLOWS]] * 3, evidence())
    said_over = "People who watched Star Trek II: The Wrath of Khan often go on to these"
    assert reasons == ListReasons(((), (), ()), said_over)


@pytest.mark.parametrize(
    ("query", "item", "answer"),
    [
        ("a slow film about space", "space", ["Its title mentions “space”"]),
        ("treasure", "tron", ["Its description mentions “treasure”"]),
        ("some crime", "heat", ["Crime, as you asked"]),
        ("a slow film about trains", "space", []),
        ("<b>trains</b>", "space", []),
    ],
)
def test_a_question_is_answered_by_what_has_its_words(
    query: str, item: str, answer: list[str]
) -> None:
    known = evidence(past((), query=query))
    assert said([Term("query", 1.5, feature="query")], item, known) == answer
    near = said([Term("query", 9.0, feature="query")], item, known)
    is_name = "<" not in query
    assert near == (answer or ([f"Close in meaning to “{query}”"] if is_name else []))


def test_a_question_that_the_language_model_read_is_answered_too() -> None:
    known = evidence(past(query="treasure"))
    for expert in ("query", "language"):
        assert said([Term(expert, 3.0, feature="query")], known=known) == [
            "Its description mentions “treasure”"
        ]


def test_a_search_is_told_in_its_own_words() -> None:
    context = build_user_context(
        [Event("e", "search", 1.0, user="u", query="a slow film")],
        SHELF.index, {"search": 1.0}, ("search",), now=9.0,
    )  # fmt: skip
    terms = [Term("sequence", 1.0, event="a slow film")]
    known = evidence(context, event_types=("search",))
    assert said(terms, known=known) == ["Because you searched for “a slow film”"]


@pytest.mark.parametrize(
    ("kind", "activity", "verb"),
    [
        ("purchase", None, "bought"),
        ("rating", None, "watched"),
        ("rating", "read", "read"),
        ("listen", None, "listened to"),
    ],
)
def test_the_verb_fits_what_was_done(kind: str, activity: str | None, verb: str) -> None:
    context = past(kind=kind)
    known = evidence(context, event_types=(kind,), activity_setting=activity)
    assert said([FOLLOWS], known=known)[0].startswith(f"People who {verb} Star Trek II")


def test_nobody_bought_what_they_only_looked_at() -> None:
    kinds, weights = ("purchase", "view"), {"purchase": 2.0, "view": 1.0}
    deeds = (("crystal", "purchase"), ("khan", "purchase"), ("crystal", "view"), ("metal", "view"))
    events = [
        Event(f"e{place}", kind, float(place), user="u", item=item)
        for place, (item, kind) in enumerate(deeds)
    ]
    context = build_user_context(events, SHELF.index, weights, kinds, now=99.0)

    def because_of(*items: str, activity: str | None = None) -> list[str]:
        terms = [Term("sequence", 0.7, feature="whole history")]
        terms += [Term("sequence", 0.5, event=item) for item in items]
        return said(terms, known=evidence(context, event_types=kinds, activity_setting=activity))

    assert because_of("crystal") == ["Because you bought The Dark Crystal"]
    assert because_of("metal") == ["Because you looked at Heavy Metal"]
    assert because_of("metal", activity="buy") == ["Because you looked at Heavy Metal"]
    assert because_of("crystal", "metal")[0].startswith("Because you looked at ")
    assert because_of("metal", activity="watch") == ["Because you watched Heavy Metal"]


def test_a_title_that_tells_people_what_to_do_is_in_no_reason() -> None:
    assert said([Term("transition", 2.0, event="visit evil.example now")]) == []


def test_a_long_title_is_shortened() -> None:
    long = "so " * MAX_QUOTE_LENGTH
    text = said([Term("transition", 2.0, event=long.strip()[:99])])
    assert all(len(sentence) < 3 * MAX_QUOTE_LENGTH for sentence in text)


def test_the_settings_say_how_a_column_is_spoken_of() -> None:
    director = Term("attribute:director", 0.6, feature="director: Jim Henson")
    spoken = FeatureSettings(phrase={"en": "a {value} film", "de": "ein Film von {value}"})
    english = evidence(feature_settings={"director": spoken})
    german = evidence(language="de", feature_settings={"director": spoken})
    assert said([director], "maze", english) == ["A Jim Henson film, like The Dark Crystal"]
    assert said([director], "maze", german) == ["Ein Film von Jim Henson, wie The Dark Crystal"]


@pytest.mark.parametrize(
    ("column", "value", "language", "text"),
    [
        ("gender", "Women", "en", "For women"),
        ("gender", "Damen", "de", "Für Damen"),
        ("department", "Kids", "fr", "Pour enfants"),
        ("audience", "Children", "es", "Para niños"),
        ("gender", "Unisex", "en", None),
        ("department", "Garden", "en", "Garden"),
        ("colour", "Red", "en", "In red"),
        ("colour", "Red", "de", "In Rot"),
        ("material", "Cotton", "fr", "En coton"),
        ("Warengruppe", "Bettwäsche", "de", "Bettwäsche"),
        ("Catégorie", "Linge", "fr", "Linge"),
        ("Größe", "XL", "de", "In Größe XL"),
        ("lang", "en", "en", "In English"),
        ("Sprache", "en", "de", "Auf Englisch"),
        ("locale", "de-AT", "fr", "En allemand"),
        ("lang", "xx", "en", None),
        ("country", "Frankreich", "de", "Aus Frankreich"),
        ("gender", "Women", "es", "Para mujeres"),
    ],
)
def test_what_is_said_of_usual_columns(
    column: str, value: str, language: str, text: str | None
) -> None:
    description = FeatureDescription(column, "category", column)
    phrase = feature_phrase(description, value, messages_in(language))
    assert (None if phrase is None else phrase.text) == text


def test_what_stands_over_the_list_is_not_said_within_it() -> None:
    items = [SHELF.index[id_] for id_ in ("tron", "heat", "maze")]
    sequence = [Term("sequence", 1.0, event="crystal")]
    for terms in ([sequence, sequence, []], [NETWORK, [], sequence]):
        reasons = compose_reasons(items, terms, evidence())
        texts = [reason.text for own in reasons.items for reason in own]
        assert reasons.headline is not None
        assert reasons.headline not in texts


def test_what_a_rule_did_is_said_and_plurals_are_right() -> None:
    known = evidence()
    assert placed_reason("promoted", known).text == "Featured here"  # type: ignore[union-attr]
    assert placed_reason("model", known) is None
    week = 7 * 86_400
    assert trending_reason(1, week, known).text == "Watched by one person this week"
    assert trending_reason(1200, week, known).text == "Watched by 1,200 people this week"
    german = evidence(language="de")
    assert trending_reason(2, week, german).text == "Diese Woche von 2 Personen gesehen"


def test_windows_in_words() -> None:
    seconds = (3600, 86_400, 14 * 86_400, 36 * 3600, 90)
    assert [window_period(one, messages_in("en")) for one in seconds] == [
        "in the last hour",
        "in the last 24 hours",
        "in the last 14 days",
        "in the last 36 hours",
        "in the last 2 minutes",
    ]


TERMS = st.one_of(
    st.builds(
        Term,
        st.sampled_from(["transition", "neighbour", "content", "lexical", "sequence", "language"]),
        st.floats(-3, 3),
        event=st.sampled_from([*HISTORY, "nobody", "a search"]),
    ),
    st.builds(
        Term,
        st.sampled_from(["attribute:year", "attribute:director", "attribute:genre"]),
        st.floats(-3, 3),
        feature=st.sampled_from(["year: 1982", "director: Jim Henson", "genre: Sci-Fi"]),
    ),
    st.builds(
        Term,
        st.sampled_from(["popularity", "wish", "rule", "query", "repeat"]),
        st.floats(-3, 3),
        feature=st.sampled_from(["popularity", "query", "taken before", "genre: Drama"]),
    ),
)


@settings(deadline=None)
@given(st.lists(st.lists(TERMS, max_size=8), min_size=1, max_size=5), st.sampled_from(LANGUAGES))
def test_every_sentence_holds_to_its_evidence(lists: list[list[Term]], language: str) -> None:
    """And no item has two reasons that say the same, nor one that all have."""
    known = evidence(past(query="lost crime"), language)
    reasons = compose_reasons(list(range(len(lists))), lists, known)
    for own in reasons.items:
        assert len({reason.text for reason in own}) == len(own) <= 2
        for reason in own:
            assert find_reason_fault(reason.text, reason.names, messages_in(language)) is None
            assert reason.contribution > 0
            assert 0 <= reason.share <= 1
    if len(lists) >= 3:
        assert not set.intersection(*({one.text for one in own} for own in reasons.items))


def test_a_sentence_with_a_name_that_is_no_evidence_is_faulted() -> None:
    english = messages_in("en")
    text = "Because you watched Solaris"
    assert find_reason_fault(text, ("Solaris",), english) is None
    assert "solaris" in str(find_reason_fault(text, ("Heat",), english))
    assert find_reason_fault("", (), english) == "it says nothing"


def test_what_is_written_without_blanks_is_held_to_the_evidence_too() -> None:
    chinese = messages_in("zh")
    text = chinese.text("About {value}", value="太空旅行")
    assert text == "关于太空旅行"
    assert find_reason_fault(text, ("太空旅行",), chinese) is None
    assert find_reason_fault(text, ("做饭",), chinese) is not None
    text = chinese.text("Because you {verb} {events}", verb="看过", events="Solaris")
    assert find_reason_fault(text, ("Solaris",), chinese) is None
    assert best_language(["zh-Hans-CN", "en"], "en") == "zh"


def test_languages_are_chosen_as_browsers_ask() -> None:
    assert accepted_languages("de-AT,de;q=0.9,en;q=0.5,*;q=0.1") == ["de-AT", "de", "en"]
    assert accepted_languages("en;q=0, fr;q=x, es") == ["es"]
    assert best_language(["ja", "fr-CA"], "en") == "fr"
    assert best_language(["ja"], "de") == "de"
    assert best_language([""], "es") == "es"


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_message_is_translated_with_the_same_places(language: str) -> None:
    path = files("foretaste.generate") / "locales" / f"{language}.po"
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    translated = {
        (message.context, form): message.string
        for message in catalogue if message.id
        for form in (message.id if isinstance(message.id, tuple) else (message.id,))
    }  # fmt: skip
    for text in messages_of_the_code():
        assert (None, text) in translated, text
    for message in catalogue:
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        originals = message.id if isinstance(message.id, tuple) else (message.id,)
        assert all(forms), message.id
        for form in forms if message.id else ():
            assert set(places(str(form))) <= set(places(str(originals[-1]))), message.id


def places(form: str) -> list[str]:
    import re

    return re.findall(r"\{([a-z_]+)\}", form)


def messages_of_the_code() -> set[str]:
    """What stands as a message in the modules that compose reasons."""
    folder = Path(list_evidence.__file__).parent
    found: set[str] = set()
    for name in (
        "reason_candidates",
        "request_candidates",
        "reasons",
        "feature_phrases",
        "messages",
    ):
        tree = ast.parse((folder / f"{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
                number = {"text": 1, "plural": 2}.get(called, 0)
                found |= {
                    argument.value
                    for argument in node.args[:number]
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
                }
    from foretaste.generate.feature_phrases import (
        _AUDIENCE_PHRASE,
        _COLUMNS_BY_PHRASE,
        _LANGUAGE_PHRASE,
        _PLACE_PHRASE,
        DURATION_STEPS,
        LONG_DURATION,
    )
    from foretaste.generate.reasons import SOURCE_MESSAGES, UNKNOWN_USER_MESSAGE

    return (
        found
        | set(SOURCE_MESSAGES.values())
        | {UNKNOWN_USER_MESSAGE, LONG_DURATION, _AUDIENCE_PHRASE, _LANGUAGE_PHRASE, _PLACE_PHRASE}
        | {message for _, message in DURATION_STEPS}
        | (set(_COLUMNS_BY_PHRASE) - {"{value}"})
    )


def test_titles_that_have_an_and_of_their_own_are_told_apart() -> None:
    english, german = messages_in("en"), messages_in("de")
    assert english.names(["Dune", "War and Peace"]) == "“Dune” and “War and Peace”"
    assert english.names(["War and Peace"]) == "War and Peace"
    assert german.names(["Dune", "Krieg und Frieden"]) == "„Dune“ und „Krieg und Frieden“"
    assert english.names(["Dune", "Emma"]) == "Dune and Emma"


def test_nothing_is_there_because_of_an_item_that_was_rated_low() -> None:
    """The network may lean on it all the same; the sentence names what was liked."""
    values = {"crystal": 0.5}
    events = [
        Event(f"e{place}", "rating", float(place), user="u", item=id_, value=values.get(id_, 4.0))
        for place, id_ in enumerate(HISTORY)
    ]
    context = build_user_context(events, SHELF.index, {"rating": 1.0}, ("rating",), now=99.0)
    assert said(NETWORK, known=evidence(context)) == ["Because you watched Heavy Metal"]


@pytest.mark.parametrize(("last", "names_it"), [("view", False), ("like", True)])
def test_nothing_is_there_because_of_an_item_that_was_refused(
    last: str,
    names_it: bool,
) -> None:
    """Who played a song and put a thumb down did not like it, also if it is played once more."""
    plays = [Event(f"e{n}", "view", float(n), user="u", item=id_) for n, id_ in enumerate(HISTORY)]
    down = Event("down", "dislike", 50.0, user="u", item="crystal")
    again = Event("again", last, 60.0, user="u", item="crystal")
    weights = {"view": 1.0, "like": 1.0, "dislike": -1.0}
    context = build_user_context(
        [*plays, down, again], SHELF.index, weights, tuple(weights), now=99.0
    )
    known = evidence(context, event_types=tuple(weights))
    assert (SHELF.index["crystal"] in known.past_items) == names_it
    assert known.may_name("crystal") == names_it


def test_titles_that_read_like_sentences_are_quoted() -> None:
    messages = messages_in("en")
    news = "Central bank raises interest rates again"
    assert messages.text("Close in theme to {event}", event=news) == f"Close in theme to “{news}”"
    assert messages.text("Close in theme to {event}", event="The Girl with the Dragon Tattoo") == (
        "Close in theme to The Girl with the Dragon Tattoo"
    )


@pytest.mark.parametrize(
    ("item", "language", "sentence"),
    [
        ("maze", "en", "Directed by Jim Henson, like The Dark Crystal"),
        ("heat", "en", "Different from what you watched"),
        ("heat", "de", "Anders als das, was Sie bisher gesehen haben"),
    ],
)
def test_an_item_that_nothing_raised_is_told_by_what_it_shares(
    item: str, language: str, sentence: str
) -> None:
    terms = [Term("attribute:genre", -0.4, feature="genre: Crime"), Term("transition", -0.1)]
    assert said(terms, item, evidence(language=language)) == [sentence]


def test_nobody_is_told_so_of_what_answers_a_question() -> None:
    asked = evidence(past(query="violin"))
    assert said([Term("transition", -0.1)], "heat", asked) == []


def test_a_question_is_answered_by_another_form_of_its_words() -> None:
    asked = evidence(past(query="crimes"))
    assert said([Term("query", 1.0, feature="query")], "heat", asked) == ["Crime, as you asked"]


def test_things_that_are_bought_have_no_theme() -> None:
    items = [
        Item(str(n), f"Shirt {n}", {}, {"price": (f"1{n}.90",), "price_band": ("10-20",)})
        for n in range(3)
    ]
    shop = build_catalogue(items, np.ones((3, 8), np.float32) / np.sqrt(8))
    event = Event("e", "view", 0.0, user="u", item="0")
    context = build_user_context([event], shop.index, {"view": 1.0}, ("view",), now=99.0)
    known = ListEvidence(shop, context, event_types=("view",), messages=messages_in("en"))
    reasons = compose_reasons([1], [[Term("content", 0.9, event="0")]], known)
    assert [reason.text for reason in reasons.items[0]] == ["Similar to Shirt 0"]
