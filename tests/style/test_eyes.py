import torch

from hiddenspace.style import eyes
from hiddenspace.style.eyes import eyes_of


def test_of_a_large_picture_a_net_learns_from_a_smaller_one(monkeypatch) -> None:
    """Or the memory for 12 million pixels would be that of their activations all at once."""
    monkeypatch.setattr(eyes, "LEARNED", 64 * 64)
    seen: list[tuple[int, ...]] = []

    def watched(features, layers, *, data, seed):
        seen.extend(tuple(one.shape) for one in data)
        return eyes_feature_net(features, layers, data=data, seed=seed)

    eyes_feature_net = eyes.feature_net
    monkeypatch.setattr(eyes, "feature_net", watched)
    pictures = [torch.rand(1, 3, 128, 512), torch.rand(1, 3, 40, 50)]
    eyes_of("patches", None, None, None, mrf_weight=None, data=pictures, seed=0)
    assert seen == [(1, 3, 32, 128), (1, 3, 40, 50)]
