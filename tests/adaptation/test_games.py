"""Each method's losses against its formula, and who learns from what."""

import copy
import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import hiddenspace as hs
from hiddenspace.adaptation.adda import Untied
from hiddenspace.adaptation.adversarial_adapter import TakingTurns
from hiddenspace.adaptation.cdan import Conditional, RandomMap
from hiddenspace.adaptation.dann import DomainAdversarial
from hiddenspace.adaptation.deep_coral import Correlated
from hiddenspace.adaptation.shot import Hypothesis
from hiddenspace.adaptation.source_only import Unadapted

torch.manual_seed(0)
BATCH = {"x": torch.randn(6, 4), "target": torch.randn(5, 4) + 1, "labels": torch.tensor([0, 1, 2, 0, 1, 2])}


def networks(judged: int = 3) -> tuple[nn.Module, nn.Module, nn.Module]:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(4, 3), nn.Tanh()), nn.Linear(3, 3), nn.Linear(judged, 1)


def by_hand(encoder, head, discriminator):
    """Features of both domains, the classifier's loss, and P(real | h) of either."""
    source, target = encoder(BATCH["x"]), encoder(BATCH["target"])
    real = [torch.sigmoid(discriminator(features)) for features in (source, target)]
    return source, target, F.cross_entropy(head(source), BATCH["labels"]), *real


def gradients(total, modules):
    return torch.autograd.grad(total, [p for module in modules for p in module.parameters()], retain_graph=True)


def test_the_lectures_pair_of_losses():
    nets = networks()
    game = TakingTurns(*nets, 1.0)
    _, _, classification, on_mc, on_real = by_hand(*nets)
    told = game.discriminator_loss(BATCH)
    torch.testing.assert_close(told["tell"], -on_real.log().mean() - (1 - on_mc).log().mean())
    assert told["right"] == ((on_mc < 0.5).float().mean() + (on_real > 0.5).float().mean()) / 2
    terms = game.classifier_loss(BATCH)
    # its own loss minus log P(real | h(x_mc))
    torch.testing.assert_close(terms["classification"] + terms["fool"], classification - on_mc.log().mean())
    assert [player.modules for player in game.players().values()] == [(nets[2],), (nets[0], nets[1])]


@pytest.mark.parametrize("progress", [0.0, 0.3, 1.0])
def test_dann_turns_the_discriminators_gradient_round_for_the_encoder_alone(progress):
    encoder, head, discriminator = nets = networks()
    game = DomainAdversarial(*nets, 0.5)
    game.progress = progress
    terms = game.loss(BATCH)
    _, _, classification, on_source, on_target = by_hand(*nets)
    domain = -on_target.log().mean() - (1 - on_source).log().mean()
    torch.testing.assert_close(terms["domain"], domain)
    strength = 0.5 * (2 / (1 + math.exp(-10 * progress)) - 1)
    total = terms["classification"] + terms["domain"]
    torch.testing.assert_close(
        gradients(total, [encoder, head]), gradients(classification - strength * domain, [encoder, head])
    )
    torch.testing.assert_close(gradients(total, [discriminator]), gradients(domain, [discriminator]))


@pytest.mark.parametrize("entropy", [True, False])
def test_cdan_judges_features_times_answers_by_how_sure_these_are(entropy):
    encoder, head, discriminator = nets = networks(9)
    game = Conditional(*nets, 1.0, entropy=entropy)
    game.progress = 0.4
    terms = game.loss(BATCH)
    losses = []
    for x, sign in ((BATCH["x"], 1), (BATCH["target"], -1)):
        features = encoder(x)
        chances = head(features).softmax(1)
        pairs = torch.einsum("bk,bd->bkd", chances, features).flatten(1)
        each = F.softplus(sign * discriminator(pairs))[:, 0]
        weights = 1 + torch.exp((chances * chances.log()).sum(1)) if entropy else torch.ones(len(x))
        losses.append((weights / weights.sum() * each).sum())
    torch.testing.assert_close(terms["domain"], sum(losses))
    # the answers are taken as they are: through them the discriminator teaches nobody
    assert gradients(terms["domain"] + 0 * terms["classification"], [head])[0].abs().max() == 0


def test_random_maps_keep_inner_products_on_average():
    torch.manual_seed(0)
    f, g, p, q = torch.randn(1, 8), torch.randn(1, 8), torch.rand(1, 3), torch.rand(1, 3)
    lots = RandomMap(8, 3, 60_000)
    made = (lots(f, p) @ lots(g, q).T).item()
    assert made == pytest.approx((f @ g.T * (p @ q.T)).item(), abs=0.15)


def test_coral_adds_the_difference_of_covariances():
    nets = networks()
    game = Correlated(nets[0], nets[1])
    game.weight = 3.0
    source, target, classification, *_ = by_hand(*nets)
    terms = game.loss(BATCH)
    torch.testing.assert_close(terms["classification"], classification)
    torch.testing.assert_close(terms["coral"], 3 * hs.losses.coral_loss(source, target))


def test_adda_teaches_the_targets_encoder_alone():
    encoder, head, discriminator = networks()
    source_encoder = copy.deepcopy(encoder)
    game = Untied(source_encoder, encoder, head, discriminator, 1.0)
    before = copy.deepcopy(game.state_dict())
    on_source = torch.sigmoid(-discriminator(source_encoder(BATCH["x"])))  # P(source | h)
    on_target = torch.sigmoid(-discriminator(encoder(BATCH["target"])))
    torch.testing.assert_close(
        game.discriminator_loss(BATCH)["tell"], -on_source.log().mean() - (1 - on_target).log().mean()
    )
    torch.testing.assert_close(game.encoder_loss(BATCH)["fool"], -on_target.log().mean())
    hs.play(game, Ever(BATCH), rounds=3, trainer=hs.Trainer(progress=False))
    changed = {name.split(".")[0] for name, value in game.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"encoder", "discriminator"}


class Ever:
    """The same batch at every position."""

    def __init__(self, batch):
        self.batch = batch

    def __len__(self):
        return 1

    def on(self, device, rank, world_size):
        return self

    def draw(self, position):
        return self.batch, len(self.batch["x"])


def test_shot_finds_centroids_as_the_paper_does_and_leaves_the_head_alone():
    encoder, head, _ = networks()
    items = torch.randn(40, 4) * 2
    game = Hypothesis(lambda: iter(items.split(16)), 0.3, encoder, head)
    before = copy.deepcopy(game.head.state_dict())
    features, chances = encoder(items), head(encoder(items)).softmax(1)
    first = torch.stack([(chances[:, k, None] * F.normalize(features)).sum(0) for k in range(3)])
    nearest = F.cosine_similarity(features[:, None], first[None], dim=2).argmax(1)
    second = torch.stack([F.normalize(features)[nearest == k].mean(0) for k in range(3)])
    labels = F.cosine_similarity(features[:, None], second[None], dim=2).argmax(1)
    assert len(labels.unique()) > 1
    assert torch.equal(game.nearest(features), labels)
    terms = game.loss({"target": items})
    entropy, diversity = hs.losses.information_loss(head(features))
    torch.testing.assert_close(terms["entropy"] + terms["marginal"], entropy + diversity)
    torch.testing.assert_close(terms["pseudo"], 0.3 * F.cross_entropy(head(features), labels))
    hs.play(game, Ever({"x": items, "target": items}), rounds=2, trainer=hs.Trainer(progress=False))
    assert all(torch.equal(value, before[name]) for name, value in game.head.state_dict().items())
    assert not torch.equal(game.centroids, second)  # found anew after each epoch


def test_source_only_does_not_look_at_the_target():
    encoder, head, _ = networks()
    game = Unadapted(encoder, head)
    terms = game.loss({"x": BATCH["x"], "labels": BATCH["labels"]})
    torch.testing.assert_close(terms["classification"], F.cross_entropy(head(encoder(BATCH["x"])), BATCH["labels"]))


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("consistency", [0.0, 1.0])
def test_what_normalisation_sees_and_remembers(shared, consistency):
    torch.manual_seed(2)
    norm = nn.BatchNorm1d(4, affine=False, momentum=1.0)
    rules = {"shared_batch": shared, "consistency": consistency, "distortion": lambda x: 5 - 3 * x}
    game = Correlated(norm, nn.Linear(4, 3), **rules)
    game.train()
    made = game.passed(BATCH)
    both = torch.cat([BATCH["x"], BATCH["target"]])
    if shared:
        torch.testing.assert_close(torch.cat([made.source, made.target]).mean(0), torch.zeros(4), atol=1e-6, rtol=0)
    else:
        for features in (made.source, made.target):
            torch.testing.assert_close(features.mean(0), torch.zeros(4), atol=1e-6, rtol=0)
    torch.testing.assert_close(norm.running_mean, (both if shared else BATCH["target"]).mean(0))


def test_confident_answers_stay_the_answers_when_items_are_distorted():
    encoder, head, discriminator = nets = networks()
    head.weight.data *= 9
    game = DomainAdversarial(*nets, 1.0, consistency=3.0, threshold=0.8, distortion=lambda x: 0.5 - x)
    game.progress = 0.3
    terms = game.loss(BATCH)
    sure, guess = head(encoder(BATCH["target"])).softmax(1).max(1)
    features = encoder(0.5 - BATCH["target"])
    taken = sure >= 0.8
    assert 0 < taken.sum() < len(taken)
    wrong = (taken * F.cross_entropy(head(features), guess, reduction="none")).mean()
    torch.testing.assert_close(terms["consistency"], 3 * (2 / (1 + math.exp(-3)) - 1) * wrong)
    # the discriminator sees the distorted items too
    expected = F.softplus(discriminator(encoder(BATCH["x"]))).mean() + F.softplus(-discriminator(features)).mean()
    torch.testing.assert_close(terms["domain"], expected)
    game.eval()
    assert "consistency" not in game.loss(BATCH)


def test_smoothing_is_for_training_items():
    encoder, head, _ = networks()
    game = Unadapted(encoder, head, smoothing=0.2)
    answers = head(encoder(BATCH["x"]))
    expected = F.cross_entropy(answers, BATCH["labels"], label_smoothing=0.2)
    torch.testing.assert_close(game.loss(BATCH)["classification"], expected)
    torch.testing.assert_close(game.eval().evaluate(BATCH)["classification"], F.cross_entropy(answers, BATCH["labels"]))
