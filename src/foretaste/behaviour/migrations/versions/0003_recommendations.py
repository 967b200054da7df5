"""Answers that were served, and an index for what is taken lately."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recommendations",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("user", sa.Text),
        sa.Column("session", sa.Text),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("items", sa.Text, nullable=False),
    )
    op.create_index("recommendations_at", "recommendations", ["at"])
    op.create_index("recommendations_user", "recommendations", ["user"])
    op.create_index("events_at", "events", ["at", "kind", "item"])
