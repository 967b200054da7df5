"""Which users a key may name, and the secret that proves them.

Keys from before name any user, as they did; NULL tells them from keys that were made for that.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("user_access", sa.Text))
    op.add_column("api_keys", sa.Column("signing_secret", sa.Text))
