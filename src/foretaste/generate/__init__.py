"""Stage 5: words, and what they stand on."""
