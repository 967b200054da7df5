"""Indexes over who was identified on which session; there are few such events among all."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    facts = sa.text("kind = 'identify'")
    for column in ("session", "user"):
        op.create_index(
            f"events_identify_{column}",
            "events",
            [column, "seq"],
            sqlite_where=facts,
            postgresql_where=facts,
        )
