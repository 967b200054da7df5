"""The lists of many people in; whom and what they favour out, in figures and in plain words."""
