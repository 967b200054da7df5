"""In: columns of events that may say whose an event is. Out: the one to go by, and what is said.

A shop has a customer number, an e-mail address and the id of a browser in one file. An account says
more than a browser, see `column_names.toml`; where it is empty for guests the address tells them.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from foretaste.behaviour.columns import is_alias, normalise_column
from foretaste.behaviour.order_owners import is_order_number

MAX_FILLED_SHARE = 0.95
"""Of the rows with another column of people, those with the one that is taken, up to which the
other is taken."""
_BROWSER_NAMES = ("deviceid", "browserid", "anonymousid", "cookieid")
"""Of browsers and devices, beside the names that are in `column_names.toml` among users, too."""


def better_filled_column(user: str, values: Mapping[str, Sequence[Any]]) -> str | None:
    """The column of people that is filled in where the one that is taken for the user is empty.

    values: column that holds no field, and the user's → its cells, without empty ones.
    """
    people_columns = [column for column in values if column != user and _names_people(column)]
    column = max(people_columns, key=lambda name: len(values[name]), default=None)
    if column is None or len(values[user]) > MAX_FILLED_SHARE * len(values[column]):
        return None
    return column


def browser_column(
    user: str, session: str | None, values: Mapping[str, Sequence[Any]]
) -> str | None:
    """The column of browsers that knows people before they sign in, where none is the session.

    It tells more of them than the visit, which ends: who signs in next week is known by it. values:
    as in `better_filled_column`, and the session's.
    """
    columns = [column for column in values if names_browser(column) and column != user]
    column = max(columns, key=lambda name: len(values[name]), default=None)
    if column is None or column == session or len(values[column]) <= len(values[user]):
        return None
    is_order = session is not None and is_order_number(session)
    is_fuller = session is None or len(values[column]) > len(values[session])
    return column if is_fuller or not is_order else None


def names_browser(column: str) -> bool:
    """Whether a column has ids of browsers or devices, by its name: each is of a person, or of
    those who share it.
    """
    is_session, is_user = (is_alias("events", field, column) for field in ("session", "user"))
    return (is_session and is_user) or normalise_column(column) in _BROWSER_NAMES


def other_user_notes(user: str | None, free_columns: Iterable[str]) -> list[str]:
    """That another column says whose an event is, too. free_columns: of no field."""
    people_columns = [column for column in free_columns if _names_people(column)]
    if user is None or not people_columns:
        return []
    other_column = people_columns[0]
    return [
        f"'{user}' was taken for the user, and '{other_column}' says whose an event is, too: to a "
        f"file that names people by '{other_column}' they are others; [behaviour.columns.events] "
        f'user = "{other_column}" says otherwise'
    ]


def _names_people(column: str) -> bool:
    """Whether a column is of accounts or addresses, by its name: no browser's, and no real name."""
    is_browser = is_alias("events", "session", column)
    is_name = normalise_column(column).endswith("name")
    return is_alias("events", "user", column) and not is_browser and not is_name
