"""In: the raw cells of a column. Out: what the column is taken for, each cell read by that."""
