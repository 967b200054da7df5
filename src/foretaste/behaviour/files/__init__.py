"""In: files as shops and programs write them. Out: what is in them, in one form for all readers."""
