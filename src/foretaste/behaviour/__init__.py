"""Stage 1: behaviour. Files, frames and JSON bodies in; events, items, users in a store out."""
