"""Plain torch modules; they know no loss, no data, no training."""
