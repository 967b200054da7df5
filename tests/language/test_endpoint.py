import pytest

from foretaste.language.endpoint import Endpoint
from foretaste.language.settings import WriterSettings


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1", "http://127.0.0.1:9/v1/"])
def test_the_address_is_that_of_the_chat_and_the_client_knows_the_key(url: str) -> None:
    settings = WriterSettings.model_validate(
        {"kind": "endpoint", "url": url, "model": "tiny", "api_key": "hidden"}
    )

    endpoint = Endpoint(settings)

    assert endpoint.address == "http://127.0.0.1:9/v1/chat/completions"
    assert endpoint.client.headers["Authorization"] == "Bearer hidden"
    assert not endpoint.client.follow_redirects, "the key is for this server alone"
    endpoint.close()
    assert endpoint.client.is_closed


def test_without_a_key_none_is_sent() -> None:
    settings = WriterSettings.model_validate(
        {"kind": "endpoint", "url": "http://127.0.0.1:9/v1", "model": "tiny"}
    )

    endpoint = Endpoint(settings)

    assert "Authorization" not in endpoint.client.headers
    endpoint.close()
