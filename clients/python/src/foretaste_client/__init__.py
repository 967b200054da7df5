"""A client of the Foretaste service: calls in, typed answers out, each call safe to repeat.

    from foretaste_client import Client

    with Client("https://recommend.example", key="ft_…") as shop:
        recommendation = shop.recommend("anna", n=5, query="light for the night")
        shop.events([{"user": "anna", "item": recommendation.items[0].id, "event_type": "click"}])

`AsyncClient` has the same calls, to be awaited. What the network or the service fails at for a
moment is tried again, with growing pauses; events are given ids first, so none counts twice.
"""

from foretaste_client.aio import AsyncClient
from foretaste_client.answers import (
    Aspect,
    BatchResult,
    Degraded,
    Erasure,
    ItemPage,
    LeftOut,
    OmittedShelf,
    Page,
    Recommendation,
    Recommended,
    RejectedRow,
    ServiceError,
    Shelf,
    ShopPage,
    Shortfall,
    Suggestion,
    Suggestions,
    TakeBack,
    Term,
)
from foretaste_client.sync import Client
from foretaste_client.tokens import sign_user_token

__version__ = "0.1.0"
__all__ = [
    "Aspect",
    "AsyncClient",
    "BatchResult",
    "Client",
    "Degraded",
    "Erasure",
    "ItemPage",
    "LeftOut",
    "OmittedShelf",
    "Page",
    "Recommendation",
    "Recommended",
    "RejectedRow",
    "ServiceError",
    "Shelf",
    "ShopPage",
    "Shortfall",
    "Suggestion",
    "Suggestions",
    "TakeBack",
    "Term",
    "sign_user_token",
]
