"""An address in the settings in; the connection to it out, to a server with OpenAI's chat API."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import cache
from typing import TYPE_CHECKING, Any

from foretaste.errors import MissingExtra
from foretaste.language.settings import WriterSettings

if TYPE_CHECKING:
    from ssl import SSLContext

    import httpx


class Endpoint:
    """Where a language model is asked over HTTP, and the client that asks. Safe between threads.

    Raises MissingExtra where httpx is not installed.
    """

    def __init__(self, settings: WriterSettings) -> None:
        try:
            import httpx
        except ImportError:
            raise MissingExtra("httpx, which asks the endpoint,", "llm") from None
        self.httpx = httpx
        self.address = f"{(settings.url or '').rstrip('/')}/chat/completions"
        key = settings.api_key
        headers = {} if key is None else {"Authorization": f"Bearer {key.get_secret_value()}"}
        self.client = httpx.Client(headers=headers, follow_redirects=False, verify=_certificates())

    def post(self, body: Mapping[str, Any], seconds: float) -> "httpx.Response":
        """The whole answer. Raises an HTTPError of httpx."""
        return self.client.post(self.address, json=body, timeout=seconds)

    def stream(
        self, body: Mapping[str, Any], seconds: float
    ) -> "AbstractContextManager[httpx.Response]":
        """The answer while it comes. Raises an HTTPError of httpx."""
        return self.client.stream("POST", self.address, json=body, timeout=seconds)

    def close(self) -> None:
        """Let go of the connections."""
        self.client.close()


@cache
def _certificates() -> "SSLContext":
    """Whom to trust, read once: each reading of all certificates takes some 20 ms."""
    import httpx

    return httpx.create_ssl_context()
