"""Templates: facts in, plain sentences out, in the language of the request. What a language model
did not say, or said wrongly, they say; so they name what the facts name and nothing else.
"""

from foretaste.generate.facts import MAX_LEADING_ITEMS, ItemFacts, SlateFacts
from foretaste.generate.messages import Messages, messages_in

DEFAULT_TITLE = "What suits you next"
"""The title where nothing sets the person apart."""
MAX_KINDS, MAX_PHRASES = 2, 1
"""Of a title and a description."""


def title_text(facts: SlateFacts) -> str:
    """A few words over the list: Crime and Drama from the late 1960s."""
    taste = _taste_text(facts)
    if facts.query:
        if not taste:
            return facts.messages.text("For “{query}”", query=facts.query)
        return facts.messages.text("For “{query}”: {taste}", query=facts.query, taste=taste)
    return _capitalised(taste) if taste else facts.messages.text(DEFAULT_TITLE)


def description_text(facts: SlateFacts) -> str:
    """What suits this person, and where to begin."""
    text, taste, sentences = facts.messages.text, _taste_text(facts), []
    if facts.query:
        sentences.append(text("You asked for “{query}”.", query=facts.query))
    if taste and facts.query:
        sentences.append(text("Closest to it: {taste}.", taste=taste))
    elif taste and facts.kinds:
        sentences.append(text("Your taste leans towards {taste}.", taste=taste))
    elif taste:
        sentences.append(text("What suits you most: {taste}.", taste=taste))
    if facts.topics and not taste:
        sentences.append(text("Much of it belongs to {topic}.", topic=facts.topics[0]))
    if not sentences and not any(item.reasons for item in facts.items):
        sentences.append(
            text("Nothing sets your taste apart yet; this is what most people choose.")
        )
    titles = [item.title for item in facts.items if item.title][:MAX_LEADING_ITEMS]
    if len(titles) > 1:
        sentences.append(
            text(
                "Begin with {first}, then try {others}.",
                first=facts.messages.names(titles[:1]),
                others=facts.messages.names(titles[1:]),
            )
        )
    elif titles:
        sentences.append(text("Begin with {first}.", first=facts.messages.names(titles[:1])))
    return " ".join(sentences)


def line_text(item: ItemFacts, messages: Messages | None = None) -> str:
    """Why this item."""
    messages = messages or messages_in("en")
    if item.reasons:
        texts = [reason.text.rstrip(".。") for reason in item.reasons[:2]]
        return " ".join(f"{text}{messages.full_stop}" for text in texts)
    if item.features:
        return messages.text("A match for your taste: {names}.", names=", ".join(item.features))
    return messages.text("Suggested for you.")


def _taste_text(facts: SlateFacts) -> str:
    """Crime and Drama from the late 1960s; or "" where nothing is known."""
    kinds = facts.messages.names(facts.kinds[:MAX_KINDS])
    phrases = list(facts.phrases[:MAX_PHRASES])
    if kinds and phrases and facts.messages.language != "zh":  # “Coats for children”
        return ", ".join([f"{kinds} {phrases[0]}", *phrases[1:]])
    return ", ".join(filter(None, [kinds, *phrases]))


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
