"""Stage 4: the experts and their product."""
