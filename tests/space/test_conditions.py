"""Numbers compared with text get their quotes; nothing else is touched."""

import pandas as pd
import pytest

from hiddenspace.space.conditions import with_quotes

METADATA = pd.DataFrame({"label": ["3", "7"], "size": [3, 4], "seen": [True, False]})


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("label = 3", "label = '3'"),
        ("label=3 AND size = 3", "label='3' AND size = 3"),
        ("label != 7 OR label <> 3", "label != '7' OR label <> '3'"),
        ("size > 2", "size > 2"),
        ("label = '3'", "label = '3'"),
        ("label = 3b", "label = 3b"),
        ("seen = true", "seen = true"),
        ("other = 3", "other = 3"),
    ],
)
def test_with_quotes(given: str, asked: str) -> None:
    assert with_quotes(given, METADATA) == asked
