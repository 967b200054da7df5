"""Control: what people say they want, in, and changes of their lists, out."""
