"""In: answers that were served. Out: the same again by their ids; and what is taken often lately.

A part of `SqlStore`, which has the connection.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from foretaste.behaviour.consent_rows import ConsentRows
from foretaste.behaviour.engine import store_errors, write_transaction
from foretaste.behaviour.returned_events import ReturnedEvents
from foretaste.behaviour.schema import events, recommendations
from foretaste.behaviour.transactions import read_surely
from foretaste.behaviour.unordered import unordered_transaction
from foretaste.domain.data import LoggedRecommendation

IDS_PER_QUERY = 500
"""Ids asked for at once."""
_USER_COLUMNS = ("user", "session")
"""Kept in columns of their own, so that an erasure finds them."""


class RecommendationRows(ConsentRows, ReturnedEvents):
    """The table of answers."""

    _insert: Any

    def add_recommendations(self, new_recommendations: Sequence[LoggedRecommendation]) -> None:
        """Append in one transaction; an id already there is left alone.

        One made while the store was away is the user's who is known on its session now: nobody
        can have been identified meanwhile.
        """
        if not new_recommendations:
            return
        people = [(logged.owner or logged.user, logged.session) for logged in new_recommendations]
        unrecorded = self.consent_refusals("record", people)
        insert = self._insert(recommendations).on_conflict_do_nothing()
        with store_errors(self.url), unordered_transaction(self._engine) as connection:
            rows = [_row(recommendation) for recommendation in new_recommendations]
            for row, recommendation in zip(rows, new_recommendations, strict=True):
                if not recommendation.owner_known and row["owner"] is None and row["session"]:
                    row["owner"] = self.user_of_session(row["session"])
            rows = [row for index, row in enumerate(rows) if index not in unrecorded]
            if rows:
                connection.execute(insert, rows)

    def recommendations_by_id(self, ids: Sequence[str]) -> dict[str, LoggedRecommendation]:
        """Those of the answers that are there, by id."""
        table = recommendations

        def read(connection: sa.Connection) -> dict[str, LoggedRecommendation]:
            return {
                row.id: recommendation_from_row(row)
                for start in range(0, len(ids), IDS_PER_QUERY)
                for row in connection.execute(
                    sa.select(table).where(table.c.id.in_(ids[start : start + IDS_PER_QUERY]))
                )
            }

        with store_errors(self.url):
            return read_surely(self._engine, read)

    def delete_recommendations(self, given_before: float) -> int:
        """Delete the answers given before a time. → how many."""
        deletion = sa.delete(recommendations).where(recommendations.c.at < given_before)
        with store_errors(self.url), write_transaction(self._engine) as connection:
            return connection.execute(deletion).rowcount

    def user_counts(
        self, since: float, until: float, event_types: Sequence[str]
    ) -> list[tuple[str, int]]:
        """(item, how many people took it by events of these types in since < at <= until), without
        what came back.
        """
        c, returned = events.c, self.returned_numbers(since=since)
        user_or_session = sa.func.coalesce(sa.literal("u") + c.user, sa.literal("s") + c.session)
        query = (
            sa.select(c.item, sa.func.count(sa.distinct(user_or_session)))
            .where(c.at > since, c.at <= until, c.kind.in_(event_types), c.item.is_not(None))
            .group_by(c.item)
        )
        if returned:
            query = query.where(self.not_returned(returned))
        with store_errors(self.url), self._engine.connect() as connection:
            rows = connection.execute(self._teaching(query))
            return [(item, int(count)) for item, count in rows]

    def event_value_sums(self, event_types: Sequence[str]) -> list[tuple[str, float, int]]:
        """(item, sum of the values, number of them) of the events of these types with a value,
        without what came back.
        """
        c, returned = events.c, self.returned_numbers()
        query = (
            sa.select(c.item, sa.func.sum(c.value), sa.func.count())
            .where(c.kind.in_(event_types), c.value.is_not(None), c.item.is_not(None))
            .group_by(c.item)
        )
        if returned:
            query = query.where(self.not_returned(returned))
        with store_errors(self.url), self._engine.connect() as connection:
            rows = connection.execute(self._teaching(query))
            return [(item, float(total), int(n)) for item, total, n in rows]

    def popular_searches(
        self, since: float, min_people: int, n: int, *, max_length: int = 60
    ) -> list[tuple[str, int]]:
        """(words, how many people searched for them since a time), of at least so many people, the
        commonest first. Written otherwise they are others, so no count is too high.
        """
        c = events.c
        user_or_session = sa.func.coalesce(sa.literal("u") + c.user, sa.literal("s") + c.session)
        words, people = sa.func.trim(c.query), sa.func.count(sa.distinct(user_or_session))
        query = (
            sa.select(sa.func.lower(words), people)
            .where(c.kind == "search", c.at > since, sa.func.length(c.query) <= max_length)
            .group_by(sa.func.lower(words))
            .having(people >= min_people)
            .order_by(people.desc(), sa.func.lower(words))
            .limit(n)
        )
        with store_errors(self.url), self._engine.connect() as connection:
            rows = connection.execute(self._teaching(query))
            return [(text, int(count)) for text, count in rows if text]

    def _teaching(self, query: sa.Select[Any]) -> sa.Select[Any]:
        """Without the events that others may not learn of."""
        condition = self.training_condition()
        return query if condition is None else query.where(condition)


def _row(recommendation: LoggedRecommendation) -> dict[str, Any]:
    request = {
        name: value for name, value in recommendation.request.items() if name not in _USER_COLUMNS
    }
    return {
        "id": recommendation.id,
        "at": recommendation.at,
        "user": recommendation.user,
        "session": recommendation.session,
        "model": recommendation.model,
        "request": json.dumps(request, default=str),
        "items": json.dumps(recommendation.items),
        "owner": recommendation.owner or recommendation.user,
        "placement": recommendation.placement,
        "shelf": recommendation.shelf,
    }


def recommendation_from_row(row: Any) -> LoggedRecommendation:
    """A row of `recommendations` as an answer."""
    request: Mapping[str, Any] = json.loads(row.request)
    user_fields = {
        name: getattr(row, name) for name in _USER_COLUMNS if getattr(row, name) is not None
    }
    return LoggedRecommendation(
        id=row.id,
        at=row.at,
        user=row.user,
        session=row.session,
        model=row.model,
        request={**user_fields, **request},
        items=[tuple(shown_item) for shown_item in json.loads(row.items)],
        owner=row.owner,
        placement=row.placement,
        shelf=row.shelf,
    )
