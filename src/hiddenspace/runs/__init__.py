"""A run: one folder that holds a trained model, what was measured, and a page about it."""
