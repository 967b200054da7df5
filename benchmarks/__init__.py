"""Benches: each answers one question, prints a table, and writes its result with machine and commit."""
