"""The addresses for whoever runs the shop, by topic: all of them need an admin key."""
