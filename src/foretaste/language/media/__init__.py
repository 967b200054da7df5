"""Stage 3 for what is not text. In: pictures, as files, bytes or addresses; out: vectors."""
