"""New items: from attributes, and against a discriminator."""
