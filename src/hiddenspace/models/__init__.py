"""What fitted models share, of whatever chapter: training, items through networks, codes and back."""
