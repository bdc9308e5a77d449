import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from hiddenspace.losses.textures import (
    Texture,
    added,
    gram_distance,
    matched_texture,
    mixed,
    nearest,
    texture_of,
    total_variation,
    transport,
    transported,
    wasserstein_distance,
)

torch.manual_seed(0)
MAPS = torch.randn(2, 5, 6, 7, generator=torch.Generator().manual_seed(0))


def of_gaussian(mean: np.ndarray, covariance: np.ndarray) -> Texture:
    products = covariance + np.outer(mean, mean)
    return Texture(torch.tensor(products)[None], torch.tensor(mean)[None], torch.tensor(1.0))


def random_gaussian(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(4, 4))
    return rng.normal(size=4), root @ root.T


def test_gram_mean_and_covariance_are_those_of_numpy() -> None:
    texture = texture_of(MAPS)
    for picture, gram, mean, covariance in zip(MAPS, texture.gram, texture.mean, texture.covariance, strict=True):
        f = picture.reshape(5, -1).numpy()
        np.testing.assert_allclose(gram, f @ f.T / f.shape[1], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(mean, f.mean(1), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(covariance, np.cov(f, bias=True), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(texture.root @ texture.root, texture.covariance, rtol=1e-4, atol=1e-5)


def test_textures_of_the_parts_add_up_to_that_of_the_whole() -> None:
    whole, parts = texture_of(MAPS), added([texture_of(MAPS[..., :3]), texture_of(MAPS[..., 3:])])
    torch.testing.assert_close(parts.gram, whole.gram)
    torch.testing.assert_close(parts.mean, whole.mean)
    assert float(parts.places) == 42


def test_places_count_by_their_weight() -> None:
    weights = torch.zeros(6, 7)
    weights[:, :3] = 0.5
    torch.testing.assert_close(texture_of(MAPS, weights).gram, texture_of(MAPS[..., :3]).gram)


def test_a_mixture_has_the_weighted_means_however_many_places_there_are() -> None:
    small, large = texture_of(MAPS[..., :2]), texture_of(MAPS)
    both = mixed([small, large], [1, 3])
    torch.testing.assert_close(both.gram, 0.25 * small.gram + 0.75 * large.gram)
    torch.testing.assert_close(both.mean, 0.25 * small.mean + 0.75 * large.mean)


@pytest.mark.parametrize("distance", [gram_distance, wasserstein_distance])
def test_a_texture_is_at_no_distance_from_itself_and_one_of_nothing_at_one(distance) -> None:
    texture = texture_of(MAPS)
    nothing = Texture(torch.zeros_like(texture.products), torch.zeros_like(texture.sums), texture.places)
    torch.testing.assert_close(distance(texture, texture), torch.zeros(2), atol=2e-3, rtol=0)
    torch.testing.assert_close(distance(nothing, texture), torch.ones(2), atol=2e-3, rtol=0)


def test_the_distance_of_gram_matrices_is_relative_to_the_wanted_one() -> None:
    found, wanted = texture_of(MAPS), texture_of(MAPS.flip(0))
    expected = (found.gram - wanted.gram).square().sum((1, 2)) / wanted.gram.square().sum((1, 2))
    torch.testing.assert_close(gram_distance(found, wanted), expected)


@pytest.mark.parametrize("seed", range(4))
def test_the_wasserstein_distance_is_that_of_its_formula(seed: int) -> None:
    (mean, covariance), (other, wanted) = random_gaussian(seed), random_gaussian(seed + 10)
    root = sqrtm(wanted)
    overlap = np.trace(sqrtm(root @ covariance @ root)).real
    apart = np.sum((mean - other) ** 2) + np.trace(covariance) + np.trace(wanted) - 2 * overlap
    found = wasserstein_distance(of_gaussian(mean, covariance), of_gaussian(other, wanted))
    assert float(found) == pytest.approx(apart / (np.sum(other**2) + np.trace(wanted)), rel=1e-2)


def test_of_independent_channels_it_is_that_of_their_deviations() -> None:
    found = wasserstein_distance(
        of_gaussian(np.array([1.0, 0.0]), np.diag([4.0, 1.0])), of_gaussian(np.array([0.0, 0.0]), np.diag([1.0, 9.0]))
    )
    assert float(found) == pytest.approx((1 + (2 - 1) ** 2 + (1 - 3) ** 2) / 10, rel=1e-3)


@pytest.mark.parametrize("distance", [gram_distance, wasserstein_distance])
def test_gradients_are_finite_where_places_are_fewer_than_channels(distance) -> None:
    few = MAPS[:, :, :1, :2].clone().requires_grad_(True)
    distance(texture_of(few), texture_of(MAPS[:, :, :1, 2:4])).sum().backward()
    assert bool(few.grad.isfinite().all())
    assert float(few.grad.abs().max()) > 0


def test_the_gradient_leads_to_the_wanted_texture() -> None:
    maps = MAPS[:1].clone().requires_grad_(True)
    wanted = texture_of(MAPS[1:] * 2 + 1)
    optimizer = torch.optim.Adam([maps], lr=0.05)
    for _ in range(300):
        optimizer.zero_grad()
        loss = wasserstein_distance(texture_of(maps), wanted).sum()
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < 1e-3
    torch.testing.assert_close(texture_of(maps).covariance, wanted.covariance, atol=0.3, rtol=0.05)


def test_total_variation_is_the_mean_square_of_steps() -> None:
    ramp = torch.arange(4.0).expand(1, 1, 3, 4)
    assert float(total_variation(ramp)) == 1.0
    assert float(total_variation(torch.ones(1, 3, 5, 5))) == 0.0


@pytest.mark.parametrize("weights", [None, torch.rand(6, 7)])
def test_sums_and_their_gradients_are_those_of_autograd(weights, monkeypatch) -> None:
    """In the sums a place counts as often as its weight says, and its distance to a patch likewise."""
    monkeypatch.setattr("hiddenspace.losses.textures.PIECE", 10)  # of the 42 places
    patches, matches = torch.randn(4, 5), torch.randint(4, (2, 42))
    w = torch.ones(42) if weights is None else weights.flatten()
    found = []
    for by_hand in (False, True):
        maps = MAPS.clone().requires_grad_(True)
        if by_hand:
            f = maps.flatten(2).mT
            products, sums = (f * w[:, None]).mT @ f, (f * w[:, None]).sum(1)
            apart = ((f - patches[matches]).square().sum(2) * w).sum(1)
        else:
            texture, apart = matched_texture(maps, weights, patches, matches)
            products, sums = texture.products, texture.sums
            torch.testing.assert_close(texture_of(maps, weights).products, products)
        (products.pow(3).sum() + sums.sin().sum() + apart.square().sum()).backward()
        found.append([products, sums, apart, maps.grad])
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-3)


def test_transport_is_that_of_gaussians() -> None:
    (first, a), (second, b) = random_gaussian(0), random_gaussian(1)
    found, wanted = of_gaussian(first, a), of_gaussian(second, b)
    matrix = transport(found, wanted, ridge=0.0)[0].numpy()
    np.testing.assert_allclose(matrix @ a @ matrix.T, b, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-8)  # the gradient of a convex function: nothing turns
    assert np.linalg.eigvalsh(matrix).min() > 0
    moved = texture_of(transported(MAPS, texture_of(MAPS), texture_of(2 * MAPS + 1)))
    torch.testing.assert_close(moved.mean, texture_of(2 * MAPS + 1).mean)
    torch.testing.assert_close(moved.covariance, 4 * texture_of(MAPS).covariance, rtol=0.05, atol=0.01)


@pytest.mark.parametrize("piece", [2, 4096])
def test_the_nearest_patch_is_that_of_the_largest_cosine_beyond_the_mean(piece, monkeypatch) -> None:
    monkeypatch.setattr("hiddenspace.losses.textures.PIECE", piece)
    patches = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]) + 10
    places = torch.tensor([[3.0, 0.1], [-0.01, 0.5], [0.2, -9.0]]) + 10
    assert nearest(places, patches).tolist() == [0, 2, 3]


@pytest.mark.parametrize("seed", range(12))
def test_fewer_places_than_channels_and_denormal_sums_have_distances_and_gradients(seed) -> None:
    """A third of such matrices LAPACK does not decompose in float32 as they are."""
    generator = torch.Generator().manual_seed(seed)
    strengths = 10 ** (-22.5 * torch.rand(256, generator=generator)) * (torch.rand(256, generator=generator) > 0.2)
    maps = [torch.randn(1, 256, 5, 8, generator=generator).relu() * strengths[:, None, None] for _ in range(2)]
    found = maps[0].requires_grad_(True)
    distance = wasserstein_distance(texture_of(found), texture_of(maps[1]))
    distance.sum().backward()
    assert distance.isfinite().all()
    assert found.grad is not None
    assert found.grad.isfinite().all()
