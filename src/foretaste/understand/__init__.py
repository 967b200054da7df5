"""Understanding: what a person says in, what they mean out, in four languages."""
