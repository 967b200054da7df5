"""Data that come with the package, each folder with its own licence."""
