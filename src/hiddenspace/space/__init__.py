"""What one does in a hidden space: search, map, morph, sample, compress, judge."""
