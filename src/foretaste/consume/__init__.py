"""In: a queue or a folder that others write to. Out: its rows in the store, once each."""
