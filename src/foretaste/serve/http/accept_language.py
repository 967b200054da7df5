"""The header of a request in, the language that its reasons are said in out."""

from typing import Annotated

from fastapi import Depends, Header

from foretaste.generate.messages import accepted_languages

MAX_HEADER_CHARACTERS = 1_000


async def accepted_language(
    accept_language: Annotated[
        str | None,
        Header(
            description="Of the reasons, where the body names none: en, de, fr, es or zh.",
            max_length=MAX_HEADER_CHARACTERS,
        ),
    ] = None,
) -> str | None:
    """The tags that the caller accepts, the most wanted first, with commas; None for any."""
    tags = accepted_languages(accept_language or "")
    return ",".join(tags) or None


LanguageDep = Annotated[str | None, Depends(accepted_language)]
