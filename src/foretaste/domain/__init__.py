"""The nouns that every stage speaks, and the ports between the stages."""
