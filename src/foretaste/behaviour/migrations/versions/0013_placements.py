"""Placements, every change of them, and from which placement and shelf an answer was served."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_big_integer = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("recommendations", sa.Column("placement", sa.Text))
    op.add_column("recommendations", sa.Column("shelf", sa.Text))
    op.create_table(
        "placements",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("placement", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("author", sa.Text),
    )
    op.create_table(
        "placement_changes",
        sa.Column("number", _big_integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("placement", sa.Text),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("author", sa.Text),
    )
    op.create_index("placement_changes_name", "placement_changes", ["name", "number"])
