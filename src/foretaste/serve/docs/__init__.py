"""The OpenAPI document, its examples and the reference made of it."""
