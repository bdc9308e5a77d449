"""Labels carried from a domain that has them to one that has none."""
