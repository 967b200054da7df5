"""The header of a request in, the language that its reasons are said in out."""

from functools import lru_cache
from typing import Annotated

from fastapi import Depends, Header

from foretaste.generate.messages import accepted_languages

MAX_LANGUAGE_HEADER = 1_000
"""Characters."""


async def accepted_language(
    accept_language: Annotated[
        str | None,
        Header(
            description="The language of the reasons, where the body names none: en, de, fr or es.",
            max_length=MAX_LANGUAGE_HEADER,
        ),
    ] = None,
) -> str | None:
    """The tags that the caller accepts, the most wanted first, with commas; None for any."""
    return language_tags(accept_language)


@lru_cache(maxsize=256)
def language_tags(header: str | None) -> str | None:
    """The same of the header as it was sent."""
    return ",".join(accepted_languages(header or "")) or None


LanguageDep = Annotated[str | None, Depends(accepted_language)]
