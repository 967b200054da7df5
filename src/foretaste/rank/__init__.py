"""Stage 6: what may be shown, and the list."""
