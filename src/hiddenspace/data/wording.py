"""Small things that make notes read like sentences."""


def counted(count: int, noun: str) -> str:
    """'1 image', '2,000 images'."""
    return f"{count:,} {noun}{'s' * (count != 1)}"
