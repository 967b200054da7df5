"""Foretaste: a self-hosted recommender whose model is a language model."""

__version__ = "0.1.0"
