"""Stage 7: what people did with the list goes back in."""
