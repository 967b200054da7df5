"""Stage 3, language: text in, vectors out. `open.open_encoder` is the way in."""
