"""What is not done because it is not allowed, in. The same in words of a language, out."""

from foretaste.domain.consent import Consent, Purpose, PurposeRefusal, RefusalSource
from foretaste.generate.messages import Messages

EFFECTS: dict[Purpose, str] = {
    "record": "Not recorded: what you do here is not kept",
    "personalise": "Not personal: this suits anybody, nothing you did was read",
    "train": "Not learnt from: what you do changes nothing that others are shown",
    "share": "Not sent elsewhere: no language model outside reads your words",
}
"""Purpose → what follows of its refusal."""
SOURCES: dict[RefusalSource, str] = {
    "person": "as you asked",
    "session": "as was asked for this visit",
    "request": "as this request asks",
    "minor": "as you are a minor",
    "signal": "as your browser asks",
    "settings": "as you have not allowed it",
    "unknown": "as what you allow cannot be looked up now",
}
"""Who refused → in words."""


def refusal_in_words(purpose: Purpose, source: RefusalSource, messages: Messages) -> PurposeRefusal:
    """The refusal with its sentence."""
    effect, reason = messages.text(EFFECTS[purpose]), messages.text(SOURCES[source])
    sentence = messages.text("{effect}, {reason}", effect=effect, reason=reason)
    return PurposeRefusal(purpose, source, sentence)


def refusals_in_words(
    consent: Consent, purposes: tuple[Purpose, ...], messages: Messages
) -> tuple[PurposeRefusal, ...]:
    """Those of these purposes that are refused."""
    return tuple(
        refusal_in_words(purpose, consent.refusals[purpose], messages)
        for purpose in purposes
        if purpose in consent.refusals
    )
