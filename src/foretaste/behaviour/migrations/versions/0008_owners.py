"""Whose an answer or a conversation is: the owner of its session at that time.

Of older rows that name no user it is the last who had been identified on the session by then.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_OWNER_THEN = """
    UPDATE {table} SET owner = coalesce("user", (
        SELECT events."user" FROM events
        WHERE events.kind = 'identify' AND events.session = {table}.session
            AND events."user" IS NOT NULL AND events.at <= {table}.at
        ORDER BY events.seq DESC LIMIT 1
    ))
"""


def upgrade() -> None:
    for table in ("recommendations", "conversations"):
        op.add_column(table, sa.Column("owner", sa.Text))
        op.execute(_OWNER_THEN.format(table=table))
        op.create_index(f"{table}_owner", table, ["owner"])
