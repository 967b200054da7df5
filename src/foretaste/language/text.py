"""What is left of a text before a tokeniser sees it. In: any `str`; out: text it can read."""

CHARACTERS_PER_TOKEN = 64
"""A text is cut here before it is tokenised, so that one of megabytes costs no more than a page."""


def readable(text: str, max_tokens: int) -> str:
    """Without blanks around it, cut to what `max_tokens` can hold, and valid Unicode.

    Half of a surrogate pair is not text and tokenisers refuse it: it becomes `?`.
    """
    text = text.strip()[: max_tokens * CHARACTERS_PER_TOKEN]
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
