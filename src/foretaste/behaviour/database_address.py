"""In: where a store is, as people write it. Out: the URL, and how a message names it."""

import re
from pathlib import Path
from urllib.parse import urlencode

import sqlalchemy as sa

from foretaste.errors import StoreError

DEFAULT_PORT = "5432"
_SEARCH_PATH_OPTION = "-csearch_path="
_HOSTS = re.compile(
    r"(?P<start>postgresql\+psycopg://(?:[^/?]*@)?)(?P<hosts>[^/?@,]+(?:,[^/?@,]+)+)(?=[/?]|$)"
)
_ADDRESS = re.compile(r"\[?([^\]]*?)\]?(?::(\d*))?")


def database_url(database: str | Path | sa.URL) -> sa.URL:
    """The URL of a path to a SQLite file, or of a URL as people write them."""
    if isinstance(database, sa.URL):
        return database
    text = str(database)
    if "://" not in text:
        return sa.URL.create("sqlite", database=text)
    for short in ("postgres://", "postgresql://"):
        if text.startswith(short):
            text = f"postgresql+psycopg://{text.removeprefix(short)}"
    try:
        url = sa.make_url(_with_hosts_apart(text))
    except (sa.exc.ArgumentError, ValueError):
        raise StoreError(
            "behaviour.database is not a URL; write it like postgresql://user@host/name"
        ) from None
    if url.drivername not in ("sqlite", "postgresql+psycopg"):
        raise StoreError(
            f"no store for {url.drivername}; expected sqlite:///path or postgresql://user@host/name"
        )
    return _writing_to_primary(url)


def _with_hosts_apart(text: str) -> str:
    """A URL that names several hosts, as libpq writes it, in the form that SQLAlchemy reads."""
    match = _HOSTS.match(text)
    if match is None:
        return text
    addresses = [_ADDRESS.fullmatch(address) for address in match["hosts"].split(",")]
    hosts = ",".join(address[1] for address in addresses if address)
    ports = ",".join(address[2] or DEFAULT_PORT for address in addresses if address)
    query = urlencode({"host": hosts, "port": ports}, safe=",:")
    path, _, given_query = text[match.end() :].partition("?")
    return f"{match['start']}{path or '/'}?{query}" + (f"&{given_query}" if given_query else "")


def _writing_to_primary(url: sa.URL) -> sa.URL:
    """Of several servers one takes what is written: that one, unless the URL says otherwise."""
    has_several = any("," in str(url.query.get(name, "")) for name in ("host", "hostaddr"))
    if not has_several or "target_session_attrs" in url.query:
        return url
    return url.update_query_dict({"target_session_attrs": "read-write"})


def url_with_schema(url: sa.URL, schema_name: str) -> sa.URL:
    """The URL of a schema in a PostgreSQL database: all its connections see that schema alone."""
    if url.drivername == "sqlite":
        raise StoreError("behaviour.database_schema is for PostgreSQL; leave it out with SQLite")
    options = url.query.get("options", "")
    options_text = options if isinstance(options, str) else " ".join(options)
    return url.update_query_dict(
        {"options": f"{options_text} {_SEARCH_PATH_OPTION}{schema_name}".strip()}
    )


def schema_of(url: sa.URL) -> str | None:
    """The schema that its connections see alone; None where it names none."""
    options = url.query.get("options", "")
    last = options.split()[-1:] if isinstance(options, str) else []
    return (
        last[0].removeprefix(_SEARCH_PATH_OPTION)
        if last and last[0].startswith(_SEARCH_PATH_OPTION)
        else None
    )


def display_url(url: sa.URL) -> str:
    """A database as a message names it, without the password."""
    if url.drivername == "sqlite":
        return url.database or "memory"
    return url.render_as_string(hide_password=True)
