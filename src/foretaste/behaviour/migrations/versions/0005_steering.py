"""What people change about their lists."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "steering",
        sa.Column("who", sa.Text, primary_key=True),
        sa.Column("session", sa.Boolean, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("nats", sa.Double, nullable=False),
        sa.Column("said", sa.Text),
        sa.Column("at", sa.Double, nullable=False),
    )
