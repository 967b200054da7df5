"""In: the tables of one import. Out: which of them know people by a browser alone that another
table knows by their account, too.

A tracker writes down `visitor_id`, the shop's orders have it beside `customer_id`. By itself the
first is whose the events are; beside the second it is the session on which a customer signs in.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

from foretaste.behaviour.column_guess import columns_of_table
from foretaste.behaviour.columns import normalise_column
from foretaste.behaviour.inspection.table_head import open_head
from foretaste.behaviour.inspection.table_source import TableSource
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.user_columns import names_browser


def with_visitor_columns(
    tables: Sequence[TableSource], settings: BehaviourSettings, now: float, *, yes: bool
) -> list[TableSource]:
    """The tables; of events with the column of browsers that is the session there, too.

    What the settings name stays. now: seconds since 1970.
    """
    is_events = [table.record_type == "events" for table in tables]
    if sum(is_events) < 2:
        return list(tables)
    linked: set[str] = set()
    alone: dict[int, str] = {}
    for index, table in enumerate(tables):
        if not is_events[index]:
            continue
        with closing(open_head(table, settings, yes=yes)) as head:
            named = head.settings.columns.events
            fields = columns_of_table(
                "events", head.columns, head.rows, head.settings, now
            ).by_field
        user, session = fields.get("user"), fields.get("session")
        if user is not None and session is not None and names_browser(session):
            linked.add(normalise_column(session))
        elif user is not None and names_browser(user) and not {"user", "session"} & named.keys():
            alone[index] = user
    return [
        replace(table, session_column=alone[index])
        if index in alone and normalise_column(alone[index]) in linked
        else table
        for index, table in enumerate(tables)
    ]
