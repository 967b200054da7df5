"""What a person allows in; what of a question and of what is known of them may be used out."""

from collections.abc import Mapping
from dataclasses import replace

from foretaste.domain.child_profile import says_child
from foretaste.domain.consent import Consent
from foretaste.domain.data import Request, User
from foretaste.domain.part_columns import column_meant
from foretaste.rank.policy import age_in_years
from foretaste.rank.policy_settings import AgeSettings

MAX_MINOR_AGE = 17.0
"""Years that a minor has at most, whatever is said of their age."""


def request_consent(consent: Consent, request: Request) -> Consent:
    """What may be done for a request: what the person allows, less what it does without. Of nobody
    nothing is kept that could be theirs, so only the endpoint is asked about.
    """
    if request.user is None and request.session is None:
        consent = Consent(
            {name: source for name, source in consent.refusals.items() if name == "share"}
        )
    if not request.personalise:
        consent = consent.without(["personalise"], "request")
    return consent if request.share else consent.without(["share"], "request")


def with_consent(request: Request, consent: Consent) -> Request:
    """The request, incognito where nothing may be kept of it."""
    if consent.allows("record") or request.incognito:
        return request
    return replace(request, incognito=True)


def allowed_attributes(
    user: User | None, consent: Consent, age: AgeSettings | None, now: float
) -> Mapping[str, tuple[str, ...]]:
    """What is said of a person, as far as lists may be made from it. Age limits hold for everybody,
    so their age is read all the same; a minor has no more years than a minor.
    """
    attributes = {} if user is None else user.attributes
    if not consent.allows("personalise"):
        attributes = {} if age is None else _attributes_of_age(attributes, age)
    if age is None or not consent.is_minor:
        return attributes
    column = column_meant(age.user_attribute, attributes)
    stated_ages = (age_in_years(text, now) for text in attributes.get(column, ()))
    own_age = next((years for years in stated_ages if years is not None), age.unknown_user_age)
    return {**attributes, age.user_attribute: (f"{min(own_age, MAX_MINOR_AGE):g}",)}


def _attributes_of_age(
    attributes: Mapping[str, tuple[str, ...]], age: AgeSettings
) -> Mapping[str, tuple[str, ...]]:
    """Those that say how old somebody is, or that the profile is a child's."""
    column = column_meant(age.user_attribute, attributes)
    return {
        name: values for name, values in attributes.items() if name == column or says_child(name)
    }
