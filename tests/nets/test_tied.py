"""One hidden layer with its transpose."""

import numpy as np
import torch

import hiddenspace as hs
from hiddenspace.nets.tied import TiedEncoder


def test_it_is_the_formula() -> None:
    encoder = TiedEncoder((2, 3), 5, bias=-0.1)
    decoder = encoder.decoder()
    x = torch.randn(4, 2, 3)
    code = torch.relu(x.flatten(1) @ encoder.weight.T - 0.1)
    torch.testing.assert_close(encoder(x), code)
    torch.testing.assert_close(decoder(code), (code @ encoder.weight).reshape(4, 2, 3))
    assert encoder.filters().shape == (5, 2, 3)


def test_weights_stay_tied_through_fit_and_file(tmp_path) -> None:  # type: ignore[no-untyped-def]
    x = np.random.default_rng(0).normal(size=(200, 6)).astype(np.float32)
    encoder = TiedEncoder((6,), 9)
    start = encoder.weight.detach().clone()
    model = hs.SparseAutoencoder(encoder=encoder, decoder=encoder.decoder(), epochs=2, random_state=0).fit(x)
    assert model.encoder_.weight is model.decoder_.weight
    assert not torch.equal(model.encoder_.weight, start)
    assert torch.equal(encoder.weight, start)
    model.save_pretrained(tmp_path)
    again = type(model).from_pretrained(tmp_path, encoder=TiedEncoder((6,), 9), decoder=TiedEncoder((6,), 9).decoder())
    np.testing.assert_array_equal(again.reconstruct(x), model.reconstruct(x))
