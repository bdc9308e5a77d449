"""The game, the one loop that plays it, and everything about running it."""
