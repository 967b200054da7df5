"""What people let be done with what they do."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "consents",
        sa.Column("who", sa.Text, primary_key=True),
        sa.Column("session", sa.Boolean, primary_key=True),
        sa.Column("purpose", sa.Text, primary_key=True),
        sa.Column("by_signal", sa.Boolean, primary_key=True),
        sa.Column("allowed", sa.Boolean, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_index("consents_purpose", "consents", ["purpose", "allowed"])
