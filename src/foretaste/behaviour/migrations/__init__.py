"""The history of the tables. `opening.migrate` runs it on a new or an older store."""
