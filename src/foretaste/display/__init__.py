"""How results look: in a notebook, on a page to pass on, and as bars while something takes long.

Results hold figures; the templates here lay them out. Whatever comes from data is escaped.
"""
