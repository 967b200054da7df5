"""Data of every kind in; the product beside its own parts on each of them out."""
