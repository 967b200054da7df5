"""What each import brought and what it replaced, so that it can be undone.

Users get a revision, as items have one: what an import put last is told by it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_big_integer = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column(
        "users",
        sa.Column("revision", _big_integer, nullable=False, server_default=sa.text("0")),
    )
    op.create_index("users_revision", "users", ["revision"])
    op.add_column(
        "gone", sa.Column("is_undone", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.create_table(
        "imports",
        sa.Column("number", _big_integer, primary_key=True, autoincrement=False),
        sa.Column("began", sa.Double, nullable=False),
        sa.Column("ended", sa.Double),
        sa.Column("undone", sa.Double),
        sa.Column("can_undo", sa.Boolean, nullable=False),
    )
    op.create_table(
        "imported_files",
        sa.Column("import", _big_integer, primary_key=True, autoincrement=False),
        sa.Column("part", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("path", sa.Text),
        sa.Column("digest", sa.Text),
        sa.Column("record_type", sa.Text, nullable=False),
        sa.Column("rows_read", _big_integer, nullable=False),
        sa.Column("added", _big_integer, nullable=False),
        sa.Column("known", _big_integer, nullable=False),
        sa.Column("rejected", _big_integer, nullable=False),
        sa.Column("is_undone", sa.Boolean, nullable=False),
        sa.Column("replaced_by", _big_integer),
        sa.Column("facts", sa.Text, nullable=False),
    )
    op.create_table(
        "imported_numbers",
        sa.Column("import", _big_integer, primary_key=True, autoincrement=False),
        sa.Column("part", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("batch", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("record_type", sa.Text, primary_key=True),
        sa.Column("brought", sa.LargeBinary),
        sa.Column("repeated", sa.LargeBinary),
    )
    op.create_table(
        "replaced_rows",
        sa.Column("record_type", sa.Text, primary_key=True),
        sa.Column("revision", _big_integer, primary_key=True, autoincrement=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("old_revision", _big_integer, nullable=False),
        sa.Column("old_row", sa.Text),
    )
    op.create_index("replaced_rows_old", "replaced_rows", ["record_type", "old_revision"])
    op.create_index("replaced_rows_id", "replaced_rows", ["record_type", "id"])
