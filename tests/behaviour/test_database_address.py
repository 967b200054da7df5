"""Where a store is, in every form in which people write it."""

import pytest
import sqlalchemy as sa

from foretaste.behaviour.database_address import database_url, display_url, url_with_schema
from foretaste.errors import StoreError


def arguments(text: str) -> dict[str, object]:
    """What the driver is told."""
    url = database_url(text)
    return dict(sa.create_engine(url).dialect.create_connect_args(url)[1])


@pytest.mark.parametrize(
    ("text", "hosts", "ports"),
    [
        ("postgresql://a:1,b:2/shop", "a,b", "1,2"),
        ("postgres://me@a,b/shop", "a,b", "5432,5432"),
        ("postgresql://me:p%2Cw@a,b:5433/shop?sslmode=require", "a,b", "5432,5433"),
        ("postgresql://me:p,w@a,b/shop", "a,b", "5432,5432"),
        ("postgresql://me@[::1]:5,b/shop", "::1,b", "5,5432"),
        ("postgresql://me@/shop?host=a,b&port=1,2", "a,b", "1,2"),
        ("postgresql://me@/shop?host=a:1&host=b:2", "a,b", "1,2"),
    ],
)
def test_several_servers(text: str, hosts: str, ports: str) -> None:
    found = arguments(text)
    assert (found["host"], found["port"], found["dbname"]) == (hosts, ports, "shop")
    assert found["target_session_attrs"] == "read-write", "a standby takes no event"
    assert found.get("sslmode") == ("require" if "sslmode" in text else None)


def test_one_server_is_as_it_was() -> None:
    found = arguments("postgresql://me:p,w@a:1/shop")
    assert (found["host"], found["port"], found["password"]) == ("a", 1, "p,w")
    assert "target_session_attrs" not in found


def test_what_the_url_says_itself_holds() -> None:
    found = arguments("postgresql://a,b/shop?target_session_attrs=any")
    assert found["target_session_attrs"] == "any"
    own = url_with_schema(database_url("postgresql://a,b/shop"), "ours")
    assert own.query["target_session_attrs"] == "read-write"


def test_no_password_in_a_message() -> None:
    assert "secret" not in display_url(database_url("postgresql://me:secret@a,b/shop"))


def test_a_port_that_is_none() -> None:
    with pytest.raises(StoreError, match="is not a URL"):
        database_url("postgresql://a:x/shop")
