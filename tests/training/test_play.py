"""The loop against loops written by hand, bit for bit."""

import copy
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from hiddenspace.data.batches import ArrayBatches
from hiddenspace.errors import TrainingError, UsageError
from hiddenspace.training.events import Observer, RoundEnded, Stop
from hiddenspace.training.game import Game, Player
from hiddenspace.training.play import play
from hiddenspace.training.schedules import OneCycle
from hiddenspace.training.trainer import Trainer

PLAIN = Trainer(precision="32")


def network() -> nn.Sequential:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.2), nn.Linear(6, 4))


class Alone(Game):
    """Rebuild noisy rows."""

    def __init__(self) -> None:
        super().__init__()
        self.net = network()

    def players(self):
        return {"net": Player((self.net,), self.loss)}

    def loss(self, x):
        out = self.net(x + 0.1 * torch.randn_like(x))
        return {"error": F.mse_loss(out, x), "size": 0.01 * out.abs().mean(), "told": out.detach().mean()}


def same(a: nn.Module, b: nn.Module) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


def test_a_game_of_one_is_the_loop_one_would_write(rows):
    game, by_hand, rounds = Alone(), network(), 12
    schedule = OneCycle()
    trainer = Trainer(precision="32", optimizer=lambda p: torch.optim.AdamW(p, lr=0.05), schedule=schedule, clip=0.5)
    torch.manual_seed(5)
    history = play(game, rows(), rounds=rounds, trainer=trainer)

    batches = rows().on(torch.device("cpu"), 0, 1)
    optimizer = torch.optim.AdamW(by_hand.parameters(), lr=0.05)
    torch.manual_seed(5)
    errors = []
    for step in range(rounds):
        for group in optimizer.param_groups:
            group["lr"] = 0.05 * schedule(step / rounds)
        x, _ = batches.draw(step)
        out = by_hand(x + 0.1 * torch.randn_like(x))
        error = F.mse_loss(out, x)
        optimizer.zero_grad()
        (error + 0.01 * out.abs().mean()).backward()
        nn.utils.clip_grad_norm_(by_hand.parameters(), 0.5)
        optimizer.step()
        errors.append(error.item())
    assert same(game.net, by_hand)
    assert [row["train/error"] for row in history.rows] == pytest.approx(np.reshape(errors, (3, 4)).mean(1), rel=1e-12)
    assert [row["round"] for row in history.rows] == [4, 8, 12]
    assert history.rows[0]["learning_rate"] == 0.05 * schedule(3 / rounds)
    assert not game.training
    assert game.progress == 1.0


def test_bfloat16_is_autocast_around_the_loss_alone(rows):
    game, by_hand = Alone(), network()
    torch.manual_seed(5)
    play(game, rows(), rounds=4, trainer=Trainer(precision="bf16", optimizer=lambda p: torch.optim.SGD(p, lr=0.1)))
    batches, optimizer = rows().on(torch.device("cpu"), 0, 1), torch.optim.SGD(by_hand.parameters(), lr=0.1)
    torch.manual_seed(5)
    for step in range(4):
        x, _ = batches.draw(step)
        with torch.autocast("cpu", torch.bfloat16):
            out = by_hand(x + 0.1 * torch.randn_like(x))
            loss = F.mse_loss(out, x) + 0.01 * out.abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert same(game.net, by_hand)
    assert game.net[0].weight.dtype == torch.float32


class Adversaries(Game):
    """A critic of K steps, a generator of M that joins late and shares the critic's last batch."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.generator = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))
        self.critic = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Tanh(), nn.Linear(5, 1))
        self.seen: list[tuple[str, int, torch.Tensor]] = []
        self.gradients_left = False

    def players(self):
        return {
            "critic": Player((self.critic,), self.judge, steps=3),
            "generator": Player((self.generator,), self.fool, steps=2, start=2, fresh_batch=False),
        }

    def judge(self, x):
        self._note("critic", x, self.generator)
        fake = self.generator(torch.randn_like(x))
        return {"real": F.softplus(-self.critic(x)).mean(), "fake": F.softplus(self.critic(fake)).mean()}

    def fool(self, x):
        self._note("generator", x, self.critic)
        fake = self.generator(torch.randn_like(x))
        return {"fool": F.softplus(-self.critic(fake)).mean(), "mean": (fake.mean(0) - x.mean(0)).square().mean()}

    def _note(self, who, x, other):
        self.seen.append((who, len(self.seen), x.clone()))
        self.gradients_left |= any(p.requires_grad for p in other.parameters())


def test_two_players_are_the_loop_one_would_write(rows):
    game, by_hand, rounds = Adversaries(), Adversaries(), 5
    torch.manual_seed(7)
    play(game, rows(), rounds=rounds, trainer=Trainer(precision="32", optimizer=lambda p: torch.optim.Adam(p, lr=0.01)))

    batches = rows().on(torch.device("cpu"), 0, 1)
    critic = torch.optim.Adam(by_hand.critic.parameters(), lr=0.01)
    generator = torch.optim.Adam(by_hand.generator.parameters(), lr=0.01)

    def step(optimizer, loss, x, mine, other):
        before = copy.deepcopy(other.state_dict())
        optimizer.zero_grad()
        sum(loss(x).values()).backward(inputs=list(mine.parameters()))
        optimizer.step()
        other.load_state_dict(before)  # its statistics do not move

    torch.manual_seed(7)
    position = 0
    for index in range(rounds):
        for _ in range(3):
            x, _ = batches.draw(position)
            position += 1
            step(critic, by_hand.judge, x, by_hand.critic, by_hand.generator)
        for _ in range(2 if index >= 2 else 0):
            step(generator, by_hand.fool, x, by_hand.generator, by_hand.critic)
    assert same(game, by_hand)
    assert not game.gradients_left
    order = [who for who, _, _ in game.seen]
    assert order == ["critic"] * 6 + (["critic"] * 3 + ["generator"] * 2) * 3
    assert all(torch.equal(a[2], b[2]) for a, b in zip(game.seen, by_hand.seen, strict=True))


@pytest.mark.parametrize("norm", [nn.BatchNorm1d(4), nn.InstanceNorm1d(4, affine=True, track_running_stats=True)])
def test_what_a_player_does_not_own_stands_still(rows, norm):
    class Borrowed(Game):
        def __init__(self) -> None:
            super().__init__()
            self.mine, self.other = nn.Linear(4, 4), nn.Sequential(nn.Linear(4, 4), norm, nn.Linear(4, 1))

        def players(self):
            return {"mine": Player((self.mine,), self.loss)}

        def loss(self, x):
            h = self.other[0](self.mine(x))
            h = self.other[1](h if h.ndim == 2 and isinstance(norm, nn.BatchNorm1d) else h.T[None]).squeeze(0)
            return {"loss": self.other[2](h if h.shape[-1] == 4 else h.T).square().mean()}

    game = Borrowed()
    mine, other = copy.deepcopy(game.mine.state_dict()), copy.deepcopy(game.other.state_dict())
    play(game, rows(), rounds=3, trainer=PLAIN)
    assert all(torch.equal(before, game.other.state_dict()[name]) for name, before in other.items())
    assert not any(torch.equal(before, game.mine.state_dict()[name]) for name, before in mine.items())
    assert all(p.grad is None and p.requires_grad for p in game.other.parameters())
    assert game.other[1].track_running_stats
    assert game.other[1].running_mean is not None


def test_an_own_normalisation_does_move(rows):
    game = Alone()
    before = game.net[1].running_mean.clone()
    play(game, rows(), rounds=2, trainer=PLAIN)
    assert not torch.equal(before, game.net[1].running_mean)
    assert game.net[1].num_batches_tracked == 2


def test_parameters_that_players_share_are_moved_by_both(rows):
    class Shared(Game):
        def __init__(self) -> None:
            super().__init__()
            self.trunk, self.a, self.b = nn.Linear(4, 3), nn.Linear(3, 4), nn.Linear(3, 4)

        def players(self):
            return {
                "a": Player((self.trunk, self.a), lambda x: {"x": F.mse_loss(self.a(self.trunk(x)), x)}),
                "b": Player((self.trunk, self.b), lambda x: {"x": F.mse_loss(self.b(self.trunk(x)), x)}),
            }

    game, by_hand = Shared(), Shared()
    by_hand.load_state_dict(game.state_dict())
    play(game, rows(), rounds=4, trainer=Trainer(precision="32", optimizer=lambda p: torch.optim.SGD(p, lr=0.1)))
    batches, position = rows().on(torch.device("cpu"), 0, 1), 0
    for _ in range(4):
        for head in (by_hand.a, by_hand.b):
            x, _ = batches.draw(position)
            position += 1
            owned = [*by_hand.trunk.parameters(), *head.parameters()]
            grads = torch.autograd.grad(F.mse_loss(head(by_hand.trunk(x)), x), owned)
            with torch.no_grad():
                for parameter, grad in zip(owned, grads, strict=True):
                    parameter -= 0.1 * grad
    assert all(torch.allclose(a, b, atol=1e-7) for a, b in zip(game.parameters(), by_hand.parameters(), strict=True))


class Canvas(Game):
    """The picture itself is the player."""

    def __init__(self) -> None:
        super().__init__()
        self.canvas = nn.Parameter(torch.zeros(4))
        self.scale = torch.tensor([1.0, 3.0, 10.0, 30.0])

    def players(self):
        return {"canvas": Player((self.canvas,), self.loss, optimizer=lambda p: torch.optim.LBFGS(p, max_iter=8))}

    def loss(self, x):
        return {"distance": (self.scale * (self.canvas - 2.0)).square().sum()}


def test_a_canvas_with_l_bfgs_finds_its_minimum(rows):
    game = Canvas()
    play(game, rows(), rounds=6, trainer=PLAIN)
    assert torch.allclose(game.canvas, torch.full((4,), 2.0), atol=1e-4)


class Kernels(Game):
    """A convolution of constant pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Conv2d(2, 3, 3)

    def players(self):
        return {"net": Player((self.net,), self.loss, optimizer=torch.optim.LBFGS)}

    def loss(self, x):
        return {"error": self.net(torch.ones(1, 2, 4, 4)).square().mean()}


def test_l_bfgs_is_refused_for_kernels_by_channel_alone(rows):
    by_channel = replace(PLAIN, channels_last=True)
    play(Kernels(), rows(), rounds=1, trainer=PLAIN)
    play(Canvas(), rows(), rounds=1, trainer=by_channel)
    with pytest.raises(UsageError, match="L-BFGS does not take the weights of player 'net'"):
        play(Kernels(), rows(), rounds=1, trainer=by_channel)


def test_an_observer_hears_of_each_round_and_can_end_it(rows):
    class Watcher(Observer):
        def __init__(self) -> None:
            self.events: list[RoundEnded] = []
            self.calls: list[str] = []

        def started(self, game, first_round, rounds):
            self.calls.append(f"started {first_round} of {rounds}")

        def __call__(self, event):
            self.events.append(event)
            return Stop("enough") if event.round == 6 else None

        def finished(self):
            self.calls.append("finished")

    watcher = Watcher()
    play(Alone(), rows(), rounds=40, trainer=Trainer(precision="32", observers=[watcher]))
    assert [event.round for event in watcher.events] == [1, 2, 3, 4, 5, 6]
    assert [event.row is not None for event in watcher.events] == [False] * 3 + [True] + [False] * 2
    assert watcher.calls == ["started 0 of 40", "finished"]
    assert set(watcher.events[0].terms) == {"error", "size", "told"}
    assert not any(value.requires_grad for value in watcher.events[0].terms.values())
    assert watcher.events[0].items == 5


def test_terms_of_several_players_bear_their_names(rows):
    history = play(Adversaries(), rows(), rounds=4, trainer=PLAIN)
    names = {name for row in history.rows for name in row if name.startswith("train/")}
    assert names == {"train/critic.real", "train/critic.fake", "train/generator.fool", "train/generator.mean"}
    assert "train/generator.fool" not in history.rows[0]  # it had not joined yet


def test_held_out_items_count_alike_whatever_their_batch(rows):
    class Mean(Alone):
        def evaluate(self, x):
            assert not self.training
            return {"mean": x.mean(), "noise": torch.randn(())}

    held_out = rows(n=7, batch_size=3, seed=None, content=9)
    history = play(Mean(), rows(), rounds=8, trainer=PLAIN, validation=held_out)
    assert [row["validation/mean"] for row in history.rows] == pytest.approx([held_out.stored.mean()] * 2, abs=1e-7)
    assert history.rows[0]["validation/noise"] == history.rows[1]["validation/noise"]  # the same numbers each time


def test_validation_leaves_the_noise_of_training_as_it_is(rows):
    alone, watched = Alone(), Alone()
    for game, held_out in ((alone, None), (watched, rows(content=9, seed=None))):
        torch.manual_seed(5)
        play(game, rows(), rounds=9, trainer=PLAIN, validation=held_out)
    assert same(alone, watched)


# what goes wrong ----------------------------------------------------------------------------------------------------


class Failing(Alone):
    """Its term is infinite or no number in one round."""

    def __init__(self, bad: float, at: int) -> None:
        super().__init__()
        self.bad, self.at, self.calls = bad, at, 0

    def loss(self, x):
        self.calls += 1
        terms = super().loss(x)
        return {**terms, "size": terms["size"] + (self.bad if self.calls == self.at else 0.0)}


@pytest.mark.parametrize(("bad", "at", "said"), [(math.nan, 1, "nan"), (math.inf, 11, "inf"), (-math.inf, 8, "-inf")])
def test_a_term_that_is_not_finite_is_named(rows, bad, at, said):
    with pytest.raises(TrainingError, match=f"the term 'size' of player 'net' became {said} in round {at};") as caught:
        play(Failing(bad, at), rows(), rounds=11, trainer=PLAIN)
    assert str(caught.value).count(". ") == 0


def test_a_gradient_that_is_not_finite_is_found_though_the_loss_is(rows):
    class Kinked(Alone):
        def loss(self, x):
            return {"root": (self.net[0].weight * 0).sum().sqrt() + self.net(x).mean()}

    with pytest.raises(TrainingError, match="weights of player 'net' were not finite after round 1;"):
        play(Kinked(), rows(), rounds=1, trainer=PLAIN)


def test_held_out_items_must_have_a_finite_loss(rows):
    class Odd(Alone):
        def evaluate(self, x):
            return {"error": torch.tensor(math.nan)}

    with pytest.raises(TrainingError, match="held-out items the term 'error' became nan after round 4"):
        play(Odd(), rows(), rounds=8, trainer=PLAIN, validation=rows(seed=None))


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (lambda out: {}, "no term of player 'net' has a gradient \\(it returned none\\)"),
        (lambda out: {"a": out.detach().mean()}, "no term of player 'net' has a gradient \\(a\\)"),
        (lambda out: {"a": out}, "the term 'a' of player 'net' is of shape \\(5, 4\\)"),
        (lambda out: {"a": out.mean(), "b": 1.0}, "the term 'b' of player 'net' is a float"),
    ],
)
def test_a_loss_that_cannot_be_minimised(rows, terms, said):
    game = Alone()
    game.loss = lambda x: terms(game.net(x))
    with pytest.raises(TrainingError, match=said):
        play(game, rows(), rounds=2, trainer=PLAIN)


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"start": -1}])
def test_a_player_that_cannot_play(wrong):
    with pytest.raises(UsageError, match="a player cannot take"):
        Player((nn.Linear(1, 1),), lambda x: {}, **wrong)


@pytest.mark.parametrize(("modules", "said"), [((nn.Linear(4, 4),), "the game does not hold"), ((), "no parameters")])
def test_a_player_owns_parts_of_the_game(rows, modules, said):
    game = Alone()
    game.players = lambda: {"stranger": Player(modules, game.loss)}
    with pytest.raises(UsageError, match=f"player 'stranger' owns .*{said}"):
        play(game, rows(), rounds=2, trainer=PLAIN)


def test_threads_that_read_ahead_end_with_the_training(rows, tmp_path):
    import threading

    np.save(tmp_path / "x.npy", rows().stored)
    mapped = ArrayBatches(
        np.load(tmp_path / "x.npy", mmap_mode="r"), lambda raw: raw, batch_size=2, seed=3, drop_last=True
    )
    play(Alone(), mapped, rounds=3, trainer=PLAIN)  # ends in the middle of an epoch
    assert not [t for t in threading.enumerate() if t.name.startswith("hiddenspace-read")]
