"""In: a queue, a table or files that others write to. Out: its rows in the store, once each."""
