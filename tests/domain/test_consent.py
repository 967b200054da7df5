"""What follows of what a person, a session, a header and the settings say."""

import pytest

from foretaste.domain.consent import (
    MINOR,
    PURPOSES,
    ConsentBook,
    ConsentSettings,
    ConsentStatement,
    PrivacySignal,
    RefusalSource,
)


def statement(
    who: str, *, allowed: bool, purpose: str = "train", by_signal: bool = False
) -> ConsentStatement:
    return ConsentStatement(who, who.startswith("s"), purpose, allowed, by_signal, 0.0)


@pytest.mark.parametrize(
    ("statements", "signals", "is_default", "source"),
    [
        ([], [], True, None),
        ([], [], False, "settings"),
        ([], ["gpc"], True, "signal"),
        ([statement("u", allowed=False)], [], True, "person"),
        ([statement("u", allowed=True)], [], False, None),
        ([statement("u", allowed=True)], ["gpc", "dnt"], True, None),
        ([statement("s", allowed=False)], [], True, "session"),
        # a refusal of either holds, whatever the other allows
        ([statement("s", allowed=False), statement("u", allowed=True)], [], True, "session"),
        ([statement("s", allowed=True), statement("u", allowed=False)], [], True, "person"),
        ([statement("s", allowed=True)], [], False, None),
        # a header that was kept, and what outweighs it
        ([statement("s", allowed=False, by_signal=True)], [], True, "signal"),
        (
            [statement("s", allowed=False, by_signal=True), statement("u", allowed=True)],
            [],
            True,
            None,
        ),
        # of others, or of something else
        ([statement("u2", allowed=False)], [], True, None),
        ([statement("u", allowed=False, purpose="share")], [], True, None),
        ([statement("u", allowed=True, purpose=MINOR)], [], True, "minor"),
        ([statement("u", allowed=False, purpose=MINOR)], [], True, None),
    ],
)
def test_who_refuses(
    statements: list[ConsentStatement],
    signals: list[PrivacySignal],
    is_default: bool,
    source: RefusalSource | None,
) -> None:
    book = ConsentBook.of(ConsentSettings(train=is_default), statements)
    consent = book.consent("u", "s", signals)
    assert consent.refusals.get("train") == source
    assert consent.allows("train") == (source is None)


def test_headers_refuse_what_the_settings_say() -> None:
    settings = ConsentSettings()
    assert settings.refused_by(["gpc"]) == {"train", "share"}
    assert settings.refused_by(["dnt"]) == set(PURPOSES)
    assert ConsentSettings(dnt_refuses=()).refused_by(["dnt"]) == set()


def test_nothing_is_done_of_a_minor_whatever_was_said() -> None:
    rows = [statement("u", allowed=True, purpose=purpose) for purpose in (*PURPOSES, MINOR)]
    consent = ConsentBook.of(ConsentSettings(), rows).consent("u", None)
    assert consent.is_minor
    assert set(consent.refusals) == set(PURPOSES)
