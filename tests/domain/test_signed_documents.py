"""A signed document is told from one that was changed, in whatever place."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretaste.domain.signed_documents import new_private_key, public_key_of, signed, signer
from foretaste.errors import InputError

KEY = new_private_key()
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda parts: st.lists(parts) | st.dictionaries(st.text(), parts),
    max_leaves=8,
)


@given(
    st.dictionaries(st.text().filter(lambda name: name not in ("key", "signature")), json_values)
)
def test_what_was_signed_is_known_again(document: dict[str, Any]) -> None:
    given_out = json.loads(json.dumps(signed(document, KEY)))
    assert signer(given_out) == public_key_of(KEY)["fingerprint"]


@pytest.mark.parametrize("field", ["user", "stores", "due", "key", "signature"])
def test_any_change_is_seen(field: str) -> None:
    document = signed({"user": "anna", "stores": [{"before": 3}], "due": []}, KEY)
    other = signed({"user": "bert", "stores": [{"before": 4}], "due": ["x"]}, new_private_key())
    with pytest.raises(InputError, match="signature does not fit"):
        signer({**document, field: other[field]})
    with pytest.raises(InputError, match="signature does not fit"):
        signer({**document, "added": 1})


@pytest.mark.parametrize("document", [{}, {"key": 1}, {"key": {"public": "?"}, "signature": "?"}])
def test_what_is_no_signed_document_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="no signed receipt"):
        signer(document)
