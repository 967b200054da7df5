"""What a person lets be done with what they do: what they said in, what may be done out.

Four purposes, each by itself. A person says it for themselves, or for one session; a browser says
it by a header (Global Privacy Control, Do Not Track); the settings say what holds where nobody did.
"""

from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

from foretaste.domain.settings import Settings

Purpose = Literal["record", "personalise", "train", "share"]
"""record: keep what they do and the lists they are given. personalise: make lists from it. train:
learn from it what others are shown. share: have a language model elsewhere read their words."""
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
PrivacySignal = Literal["gpc", "dnt"]
"""Sec-GPC: 1 and DNT: 1, as a browser sends them with a request."""
RefusalSource = Literal["person", "session", "request", "minor", "signal", "settings", "unknown"]
"""Who refused: the person, for themselves or for the session; this request; nobody may for a minor;
a header of the browser; the settings; or it cannot be looked up now."""
MINOR = "minor"
"""Stands beside the purposes in what is said: whether the person is a minor."""
HeldConsent = tuple[str, bool]
"""(a user or a session, whether it is a session)"""

privacy_signals: ContextVar[frozenset[PrivacySignal]] = ContextVar(
    "privacy_signals", default=frozenset()
)
"""What the browser says with the request that is answered."""


class ConsentSettings(Settings):
    """What holds of people who have said nothing, and what headers of browsers mean."""

    record: bool = True
    """Whether what people do is recorded unless they refuse; false where they must allow it
    first. So with the three below."""
    personalise: bool = True
    """Whether lists are made from what the person did."""
    train: bool = True
    """Whether what others are shown is learnt from it."""
    share: bool = True
    """Whether a language model behind `language.writer.url` may read their words."""
    gpc_refuses: tuple[Purpose, ...] = ("train", "share")
    """What a request with `Sec-GPC: 1` refuses, unless the person or the session has allowed it."""
    dnt_refuses: tuple[Purpose, ...] = PURPOSES
    """The same of `DNT: 1`."""

    def default(self, purpose: Purpose) -> bool:
        """What holds where nobody has said anything."""
        return bool(getattr(self, purpose))

    def refused_by(self, signals: Iterable[PrivacySignal]) -> frozenset[Purpose]:
        """What these headers refuse."""
        by_signal = {"gpc": self.gpc_refuses, "dnt": self.dnt_refuses}
        return frozenset(purpose for signal in signals for purpose in by_signal[signal])


class ConsentStatement(NamedTuple):
    """One thing that was said."""

    holder_id: str
    is_session: bool
    purpose: str
    """A purpose, or `MINOR`."""
    is_allowed: bool
    by_signal: bool
    """Whether a header said it, which whatever the person says outweighs."""
    at: float

    @property
    def holder(self) -> HeldConsent:
        """Who said it."""
        return self.holder_id, self.is_session


class PurposeRefusal(NamedTuple):
    """What is not done, who refused it, and the same in words."""

    purpose: Purpose
    source: RefusalSource
    text: str = ""


@dataclass(frozen=True, slots=True)
class Consent:
    """What may be done for one request."""

    refusals: Mapping[Purpose, RefusalSource] = field(default_factory=dict)
    """Each purpose that may not be followed, and who refused it."""
    is_minor: bool = False

    def allows(self, purpose: Purpose) -> bool:
        """Whether this may be done."""
        return purpose not in self.refusals

    def without(self, purposes: Iterable[Purpose], source: RefusalSource) -> "Consent":
        """With these refused as well."""
        refusals: dict[Purpose, RefusalSource] = dict.fromkeys(purposes, source)
        return Consent({**refusals, **self.refusals}, self.is_minor)


@dataclass(frozen=True)
class ConsentBook:
    """What some people said, or all, and what follows of it."""

    settings: ConsentSettings
    statements: Mapping[HeldConsent, tuple[ConsentStatement, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: ConsentSettings, rows: Iterable[ConsentStatement]) -> "ConsentBook":
        """rows: what was said, in any order."""
        statements: dict[HeldConsent, tuple[ConsentStatement, ...]] = {}
        for row in rows:
            statements[row.holder] = (*statements.get(row.holder, ()), row)
        return cls(settings, statements)

    def consent(
        self,
        user: str | None,
        session: str | None,
        signals: Iterable[PrivacySignal] = (),
    ) -> Consent:
        """What may be done with what this user does on this session.

        A refusal of either holds, whatever the other allows. user: known on the session, if any.
        """
        refused_by_signal = self.settings.refused_by(signals)
        own = self.statements.get((user, False), ()) if user is not None else ()
        of_session = self.statements.get((session, True), ()) if session is not None else ()
        if any(row.purpose == MINOR and row.is_allowed for row in (*own, *of_session)):
            return Consent(dict.fromkeys(PURPOSES, "minor"), is_minor=True)
        refusals: dict[Purpose, RefusalSource] = {}
        for purpose in PURPOSES:
            source = _refusal(
                self.settings,
                purpose,
                [row for row in own if row.purpose == purpose],
                [row for row in of_session if row.purpose == purpose],
                is_refused_by_signal=purpose in refused_by_signal,
            )
            if source is not None:
                refusals[purpose] = source
        return Consent(refusals)


def _refusal(
    settings: ConsentSettings,
    purpose: Purpose,
    own: Iterable[ConsentStatement],
    of_session: Iterable[ConsentStatement],
    *,
    is_refused_by_signal: bool,
) -> RefusalSource | None:
    """Who refuses a purpose, by what a person and a session said of it; None where nobody does."""
    own, of_session = list(own), list(of_session)
    own_words = [row for row in (*own, *of_session) if not row.by_signal]
    if any(not row.is_allowed and not row.by_signal for row in own):
        return "person"
    if any(not row.is_allowed and not row.by_signal for row in of_session):
        return "session"
    if own_words:
        return None
    if is_refused_by_signal or any(row.by_signal for row in (*own, *of_session)):
        return "signal"
    return None if settings.default(purpose) else "settings"
