"""A client of the service: calls in, typed answers out, each call safe to repeat.

    from foretaste.client import Client

    with Client("https://recommend.example", key="ft_…") as shop:
        found = shop.recommend("anna", n=5, query="light for the night")
        shop.events([{"user": "anna", "item": found.items[0].id, "kind": "click"}])

`AsyncClient` has the same calls, to be awaited. What the network or the service fails at for a
moment is tried again, with growing pauses; events are given ids first, so none counts twice.
"""

from foretaste.domain.request import Recommendation, Recommended, Term
from foretaste.errors import MissingExtra

try:
    from foretaste.client.aio import AsyncClient
    from foretaste.client.sync import Client
except ModuleNotFoundError as error:
    if error.name not in ("httpx", "tenacity"):
        raise
    raise MissingExtra("the client", "client") from None
from foretaste.client.answers import BatchResult, Erasure, Page, Refusal, RejectedRow

Rejected, Taken = RejectedRow, BatchResult  # as they were called before; for one release

__all__ = [
    "AsyncClient",
    "BatchResult",
    "Client",
    "Erasure",
    "Page",
    "Recommendation",
    "Recommended",
    "Refusal",
    "Rejected",
    "RejectedRow",
    "Taken",
    "Term",
]
