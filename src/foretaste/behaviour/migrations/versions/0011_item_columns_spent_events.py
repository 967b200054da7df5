"""The columns that items ever had, so that a filter by one that is empty now stays valid; and keyed
hashes of the ids of events that were erased or taken back, so that a retry does not bring them in.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None

ITEMS_PER_CHUNK = 50_000


def upgrade() -> None:
    item_columns = op.create_table(
        "item_columns",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("role", sa.Text, primary_key=True),
    )
    op.create_table("spent_events", sa.Column("hash", sa.Text, primary_key=True))
    connection = op.get_bind()
    items = sa.table("items", sa.column("id"), sa.column("texts"), sa.column("attributes"))
    columns: set[tuple[str, str]] = set()
    after_id = ""
    while True:
        query = sa.select(items).where(items.c.id > after_id).order_by(items.c.id)
        rows = connection.execute(query.limit(ITEMS_PER_CHUNK)).all()
        for item_id, texts, attributes in rows:
            columns |= {(name, "text") for name in json.loads(texts)}
            columns |= {(name, "attribute") for name in json.loads(attributes)}
            after_id = item_id
        if len(rows) < ITEMS_PER_CHUNK:
            break
    if columns:
        op.bulk_insert(
            item_columns, [{"name": name, "role": role} for name, role in sorted(columns)]
        )
