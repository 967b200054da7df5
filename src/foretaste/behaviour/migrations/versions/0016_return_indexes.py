"""Indexes over what people sent back; there are few such events among all."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    returns = sa.text("kind = 'return'")
    for column in ("session", "user"):
        op.create_index(
            f"events_return_{column}",
            "events",
            ["kind", column, "seq"],
            sqlite_where=returns,
            postgresql_where=returns,
        )
