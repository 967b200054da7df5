"""Benches: each answers one question, prints a table, writes its result with machine, commit."""
