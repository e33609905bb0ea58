"""Reader search: one normaliser for texts and queries, Wagtail's index, words that people type."""
