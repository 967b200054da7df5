"""In: a column of ids of users, items or sessions. Out: each as text, the same for every door."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from foretaste.behaviour.reading.column import ColumnReading, read_column
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.values import parse_identifier


def read_id_column(
    cells: Sequence[Any], field: str, settings: BehaviourSettings, sessions: Sequence[Any] = ()
) -> ColumnReading:
    """field: user, item, session, id, event_id or recommendation_id; sessions: of the same rows."""
    return read_column(cells, "ids", partial(parse_identifier, field=field))
