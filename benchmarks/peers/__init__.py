"""Foretaste and its peers on one split, with one metric code: in: data sets, out: a table."""
