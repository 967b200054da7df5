"""A talk without a large model: what was found and done in, sentences out.

They name titles and reasons of the loop and nothing else. A title that holds a link, markup or an
instruction is told by the item's id, or as an item where that is no name either.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from foretaste.converse.answers import answer, quoted
from foretaste.converse.state import ChatState
from foretaste.domain.data import Recommendation
from foretaste.domain.titles import spoken_title
from foretaste.generate.condition_text import condition_texts
from foretaste.generate.item_display import ItemDisplay
from foretaste.generate.safe import is_suspicious, safe_item_name, safe_name
from foretaste.preferences.matching import ClauseMatch
from foretaste.understand.chinese import CHINESE, as_said
from foretaste.understand.grammar import FILE_WORD, fold

WORD = re.compile(r"[\w'’-]+")
MAX_NAMED_FEATURES = 4
"""Of an item that is compared."""


def list_in_words(
    state: ChatState, recommendation: Recommendation | None, display: ItemDisplay
) -> str:
    """The list as sentences. display: how values are written in the language of the talk."""
    if recommendation is None or not len(recommendation):
        empty_text = answer("empty", state.language)
        reason = None if recommendation is None else recommendation.shortfall_text
        # told in English alone
        return (
            empty_text if reason is None or state.language != "en" else f"{empty_text} ({reason})"
        )
    sentences = [_question_text(state, display)]
    for recommended in recommendation:
        reasons = safe_reasons(recommended.reason)
        reason_text = f" ({reasons[0]})" if reasons else ""
        name = _item_name(recommended.title, recommended.id)
        sentences.append(f"{recommended.position}. {name}{reason_text}.")
    return " ".join(sentences)


def safe_reasons(reasons: Sequence[Any]) -> list[str]:
    """The reasons that may be said."""
    return [str(reason) for reason in reasons if not is_suspicious(str(reason))]


def why_in_words(explanation: Mapping[str, Any], language: str) -> str:
    """What `tools.explain` found, to who asks why it is there."""
    title = _quoted_title(explanation["title"], explanation["item"], language)
    reasons = safe_reasons(explanation["reasons"])
    if reasons:
        return answer("why", language, title=title, reasons="; ".join(reasons))
    return answer("why_nothing", language, title=title)


def why_not_in_words(explanation: Mapping[str, Any], language: str) -> str:
    """What `tools.explain` found, to who asks why it is not there."""
    if explanation["position"] is not None:
        return answer("in_list", language, position=explanation["position"])
    if not explanation["shown"]:
        reasons = [_barred_text(reason, language) for reason in explanation["barred_by"]]
        return answer("not_shown", language, reason="; ".join(safe_reasons(reasons)) or "…")
    title = _quoted_title(explanation["title"], explanation["item"], language)
    missing = explanation["missing"]
    aspect = expert_aspect(missing[0]["expert"], language) if missing else None
    key = "rank" if aspect is None else "rank_lacks"
    sentences = [answer(key, language, title=title, rank=explanation["rank"], aspect=aspect)]
    reasons = safe_reasons(explanation["reasons"])
    if reasons:
        sentences.append(answer("speaks_for", language, reasons="; ".join(reasons)))
    return " ".join(sentences)


def _barred_text(reason: str, language: str) -> str:
    """A reason why an item may not be shown, as said to the person; as it is where it is new."""
    try:
        return answer(reason, language)
    except KeyError:
        return reason


def expert_aspect(expert: str, language: str) -> str | None:
    """What an expert, or a rule, looks at, as said to the person."""
    kind, _, about = expert.partition(":")
    try:
        return answer(f"aspect_{kind}", language)
    except KeyError:
        name = safe_name(about) if about else None
        return None if name is None else answer("aspect_feature", language, about=name)


def comparison_in_words(
    explanations: Sequence[Mapping[str, Any]],
    attributes: Sequence[Mapping[str, Sequence[str]]],
    language: str,
) -> str:
    """Two items beside each other, and which suits the person more."""
    titles = [_quoted_title(each["title"], each["item"], language) for each in explanations]
    features = [_feature_text(each) for each in attributes]
    sentences = [
        answer(
            "compare",
            language,
            first=titles[0],
            second=titles[1],
            first_features=features[0],
            second_features=features[1],
        )
    ]
    scores = [
        each["score"] if each["score"] is not None else float("-inf") for each in explanations
    ]
    better = max(range(2), key=scores.__getitem__)
    reasons = safe_reasons(explanations[better]["reasons"])
    if reasons and scores[0] != scores[1]:
        sentences.append(
            answer("compare_better", language, title=titles[better], reasons="; ".join(reasons))
        )
    else:
        sentences.append(answer("compare_equal", language))
    return " ".join(sentences)


def changes_in_words(
    clause_matches: Sequence[ClauseMatch],
    language: str,
    display: ItemDisplay,
    wish_text: str = "",
    *,
    in_talk: bool = False,
) -> list[str]:
    """What a wish changed for all lists, each kind of change in a sentence of its own. wish_text:
    the wish, from which topics are told as they were written. in_talk: whether it is for this talk
    alone.
    """
    sentences = [
        answer(
            "too_common" if match.match_type == "common" else "no_such_value",
            language,
            phrase=safe_name(as_written(match.phrase, wish_text)) or "…",
        )
        for match in clause_matches
        if match.filter is None
    ]
    names: dict[str, list[str]] = {}
    for match in clause_matches:
        if match.filter is not None:
            key = "reduce" if match.act == "boost" and match.nats < 0 else str(match.act)
            key = f"{key}_in_talk" if in_talk else key
            written = as_written(match.phrase, wish_text)
            phrase = safe_name(as_said(written, wish_text) if language == CHINESE else written)
            texts = ", ".join(condition_texts(match.filter, display))
            name = (phrase if set(match.filter) == {"about"} else None) or safe_name(texts)
            name = name or phrase or "…"
            names.setdefault(key, []).append(name)
    sentences += [
        answer(key, language, names=", ".join(dict.fromkeys(said))) for key, said in names.items()
    ]
    return sentences


def as_written(phrase: str, text: str) -> str:
    """A phrase of the grammar, which has no accents and no capitals, as it stands in a text."""
    words = {fold(word.lower()): word for word in WORD.findall(text)}
    return " ".join(words.get(fold(word), word) for word in phrase.split())


def quoted_items(titles: Mapping[str, str | None], language: str) -> str:
    """Items by their titles: id → title in, names out."""
    return ", ".join(_quoted_title(title, item_id, language) for item_id, title in titles.items())


def _quoted_title(title: str | None, item_id: str, language: str) -> str:
    return quoted(_item_name(title, item_id), language)


def _feature_text(attributes: Mapping[str, Sequence[str]]) -> str:
    texts = [
        ", ".join(name for value in values[:MAX_NAMED_FEATURES] if (name := safe_name(value)))
        for values in attributes.values()
    ]
    return "; ".join([text for text in texts if text][:MAX_NAMED_FEATURES])


def _question_text(state: ChatState, display: ItemDisplay) -> str:
    """What the list is of, in words."""
    language = state.language
    query = safe_name(state.said_query) if state.said_query else None
    parts = [quoted(query, language)] if query else []
    texts = condition_texts(state.filter, display)
    parts += [name for text in texts if (name := safe_name(text))]
    parts += [
        answer("like", language, title=_quoted_title(title, item_id, language))
        for item_id, title in state.seed_titles.items()
    ]
    if not parts:
        return answer("for_you", language)
    return answer("for_question", language, parts=", ".join(parts))


def _item_name(title: str | None, item_id: str) -> str:
    """The title as people say it: “The Shining” of "Shining, The"."""
    return safe_item_name(None if title is None else spoken_title(title), item_id)


def as_typed(words: str | None, text: str) -> str | None:
    """Words of a text as they stand there: “weltkrieg” as “Weltkrieg”, “dragon” as “龙”."""
    typed_words = {fold(word.lower()): word for word in FILE_WORD.findall(text)}
    return (
        None
        if words is None
        else " ".join(typed_words.get(word) or as_said(word, text) for word in words.split())
    )
