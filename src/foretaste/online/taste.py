"""In: a user or a session, and what answers now. Out: what sets their taste apart."""

from foretaste.domain.data import Request
from foretaste.generate.profile import TasteProfile, taste_profile
from foretaste.model.experts.attribute import AttributeExpert
from foretaste.online.slate import SlateBuilder
from foretaste.online.snapshot import Snapshot


def profile_of(
    slates: SlateBuilder, snapshot: Snapshot, user: str | None, session: str | None, n: int
) -> TasteProfile:
    """n: values a column at most. Sensitive columns are left out."""
    context = slates.user_context(Request(user=user, session=session), snapshot)
    context = slates.policy.without_sensitive(context, slates.index(snapshot), None)
    tastes = [expert for expert in snapshot.product.experts if isinstance(expert, AttributeExpert)]
    return taste_profile(tastes, context, snapshot.catalogue, max_values=n)
