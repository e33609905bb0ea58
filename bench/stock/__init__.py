"""A play as a stock Wagtail project would have it: the same fields, served Wagtail's own way."""
