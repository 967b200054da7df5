"""What people say in a talk, in four languages, and the state that it must lead to."""
