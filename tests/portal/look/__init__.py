"""A page with every piece of the look, for tests and for looking at it."""
