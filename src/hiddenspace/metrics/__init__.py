"""How good it is, measured honestly."""
