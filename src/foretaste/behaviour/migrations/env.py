"""What Alembic runs: the steps, on the connection and in the transaction it is given."""

from alembic import context

from foretaste.behaviour.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,  # the transaction is the caller's
)
context.run_migrations()
