"""Conversation: what a person says in, a list or an answer and the state of the talk out."""
