"""The old import path of the client, for one release: it is a distribution of its own now.

pip install foretaste-client

from foretaste_client import Client
"""

import warnings

from foretaste.errors import MissingExtra

try:
    from foretaste_client import (
        AsyncClient,
        BatchResult,
        Client,
        Erasure,
        Page,
        Recommendation,
        Recommended,
        RejectedRow,
        ServiceError,
        Term,
    )
except ModuleNotFoundError as error:
    if error.name != "foretaste_client":
        raise
    raise MissingExtra("the client", "client") from None

Refusal, Rejected, Taken = ServiceError, RejectedRow, BatchResult
"""What these were called here."""

warnings.warn(
    "'foretaste.client' is now 'foretaste_client'; the old name goes with the next release",
    DeprecationWarning,
    stacklevel=2,
)

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
    "ServiceError",
    "Taken",
    "Term",
]
