"""A sequence classifier on search histories, apart from the product."""
