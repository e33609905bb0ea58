"""What the federation does: one verb and one transaction a function, where models and wire meet."""
