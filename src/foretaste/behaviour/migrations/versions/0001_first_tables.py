"""The first tables: events, items, users, meta."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    long = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "events",
        sa.Column("seq", long, sa.Identity(), primary_key=True),
        sa.Column("event_id", sa.Text, nullable=False, unique=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("user", sa.Text),
        sa.Column("session", sa.Text),
        sa.Column("item", sa.Text),
        sa.Column("value", sa.Double),
        sa.Column("text", sa.Text),
        sa.Column("query", sa.Text),
        sa.Column("device", sa.Text),
        sa.Column("context", sa.Text),
        sa.Column("recommendation_id", sa.Text),
        sa.Column("position", sa.Integer),
        sqlite_autoincrement=True,
    )
    op.create_index("events_user", "events", ["user", "at", "seq"])
    visit = sa.text("session IS NOT NULL")
    op.create_index(
        "events_session",
        "events",
        ["session", "at", "seq"],
        sqlite_where=visit,
        postgresql_where=visit,
    )
    op.create_index("events_item", "events", ["item"])
    op.create_table(
        "items",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("texts", sa.Text, nullable=False),
        sa.Column("attributes", sa.Text, nullable=False),
        sa.Column("image", sa.Text),
        sa.Column("audio", sa.Text),
        sa.Column("available_from", sa.Double),
        sa.Column("available_until", sa.Double),
        sa.Column("hidden", sa.Boolean, nullable=False),
        sa.Column("revision", long, nullable=False),
    )
    op.create_index("items_revision", "items", ["revision"])
    op.create_table(
        "users",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("attributes", sa.Text, nullable=False),
    )
    op.create_table(
        "meta",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
    )
