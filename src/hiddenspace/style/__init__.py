"""Art style transfer: pictures painted by texture and content losses, by optimisation or in one pass."""
