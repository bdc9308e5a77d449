"""Training throughput of a GAN on MNIST: the same nets, loss and optimizers in ours, a bare loop and torch-mimicry's.

Run: python gan_throughput.py
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial

import numpy as np
from turns import Clock, take_turns

BATCH, TURN, TURNS, LATENT = 64, 60, 15, 64


def networks():
    """A generator 64 -> (1, 28, 28) and a discriminator, of two convolutions and a linear layer each."""
    from torch import nn

    generator = nn.Sequential(
        nn.Linear(LATENT, 64 * 7 * 7),
        nn.LeakyReLU(0.2),
        nn.Unflatten(1, (64, 7, 7)),
        nn.ConvTranspose2d(64, 32, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.ConvTranspose2d(32, 1, 4, stride=2, padding=1),
        nn.Sigmoid(),
    )
    discriminator = nn.Sequential(
        nn.Conv2d(1, 32, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(32, 64, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(64 * 7 * 7, 1),
    )
    return generator, discriminator


def images() -> np.ndarray:
    """MNIST's training images, (60,000, 1, 28, 28) bytes."""
    from common import digits_like

    return np.ascontiguousarray(digits_like("mnist")[0][:, None])


def adam(parameters):
    """The optimizer of all three: Adam, where it can be chosen in PyTorch's fused form."""
    import torch

    return torch.optim.Adam(parameters, lr=2e-4, betas=(0.0, 0.9), fused=True)


def ours() -> None:
    """The library's game and loop."""
    import hiddenspace as hs
    from hiddenspace.data.batches import ArrayBatches
    from hiddenspace.data.named_batches import NamedBatches
    from hiddenspace.generation.gan import Adversarial
    from hiddenspace.losses.adversarial import adversarial_loss

    clock = Clock()

    class Watch(hs.Observer):
        def __call__(self, event):
            if event.round % TURN == 0:
                clock.epoch_ended()

    generator, discriminator = networks()
    game = Adversarial(generator, discriminator, adversarial_loss("hinge"), LATENT, (1, 1), 0.0, None)
    trainer = hs.Trainer(precision="32", channels_last=True, optimizer=adam, progress=False, observers=[Watch()])
    scaled = ArrayBatches(images(), lambda x: x / 255, batch_size=BATCH, seed=0, drop_last=True)
    hs.play(game, NamedBatches({"x": scaled}), rounds=TURN * (TURNS + 1), trainer=trainer)


def bare(channels_last: bool = False) -> None:
    """The loop that one would write by hand; or by a hand that knows of memory order."""
    import torch
    import torch.nn.functional as F

    torch.manual_seed(0)
    data = torch.from_numpy(images().copy())
    order = torch.channels_last if channels_last else torch.contiguous_format
    generator, discriminator = (net.to(memory_format=order) for net in networks())
    of_generator, of_discriminator = adam(generator.parameters()), adam(discriminator.parameters())
    clock = Clock()

    def real():
        return data[torch.randint(len(data), (BATCH,))].float() / 255

    for step in range(1, TURN * (TURNS + 1) + 1):
        fake = generator(torch.randn(BATCH, LATENT)).detach()
        loss = F.relu(1 - discriminator(real())).mean() + F.relu(1 + discriminator(fake)).mean()
        of_discriminator.zero_grad()
        loss.backward()
        of_discriminator.step()
        fooled = -discriminator(generator(torch.randn(BATCH, LATENT))).mean()
        of_generator.zero_grad()
        fooled.backward()
        of_generator.step()
        if step % TURN == 0:
            clock.epoch_ended()


def mimicry() -> None:
    """torch-mimicry's loop around the same nets."""
    import torch
    from mimicry_loop import Loop  # which must come before mimicry itself
    from torch_mimicry.nets.gan import gan

    made, judging = networks()
    clock = Clock()

    class Generator(gan.BaseGenerator):
        def __init__(self):
            super().__init__(nz=LATENT, ngf=64, bottom_width=7, loss_type="hinge")
            self.net = made

        def forward(self, z):
            return self.net(z)

    class Discriminator(gan.BaseDiscriminator):
        def __init__(self):
            super().__init__(ndf=64, loss_type="hinge")
            self.net = judging

        def forward(self, x):
            return self.net(x)

    def watch(steps):
        if steps and steps % TURN == 0:
            clock.epoch_ended()

    x = torch.from_numpy(images().copy()).float() / 255
    data = torch.utils.data.TensorDataset(x, torch.zeros(len(x)))
    loader = torch.utils.data.DataLoader(data, batch_size=BATCH, shuffle=True, drop_last=True)
    generator, discriminator = Generator(), Discriminator()
    optimizers = adam(discriminator.parameters()), adam(generator.parameters())
    with tempfile.TemporaryDirectory() as folder:
        steps = TURN * (TURNS + 1) + 1  # the last turn is over before another step
        loop = Loop(discriminator, generator, *optimizers, loader, before_step=watch, num_steps=steps, log_dir=folder)
        loop.train()


KINDS = {"ours": ours, "bare": bare, "bare, channels last": partial(bare, channels_last=True), "mimicry": mimicry}


def main() -> None:
    from common import show
    from peers import mimicry as python_of_mimicry

    seconds = take_turns(__file__, list(KINDS), {"mimicry": python_of_mimicry()}, TURNS)

    def ratio(other: str) -> str:
        low, middle, high = np.quantile(np.divide(seconds[other], seconds["ours"]), (0.25, 0.5, 0.75))
        return f"{middle:.2f} ({low:.2f} to {high:.2f})"

    rows = [
        [kind, f"{TURN / np.median(found):.1f}", ratio(kind) if kind != "ours" else ""]
        for kind, found in seconds.items()
    ]
    notes = [
        f"MNIST, batch {BATCH}, two convolutions and a linear layer each, hinge loss, fused Adam, one step of each "
        f"player a round, float32; four processes that train for {TURN} rounds in turns, {TURNS} turns after a first "
        "one that is not counted: the median of the ratios within a turn (quartiles). Ours has `channels_last=True`.",
        "The bare loop is what one writes by hand, also with its nets in the same memory order. "
        "torch-mimicry 0.1.16: its trainer and its steps; it logs nothing.",
    ]
    show("gan_throughput", "GAN training throughput", ["", "rounds/s", "ours is so many times as fast"], rows, notes)


if __name__ == "__main__":
    KINDS[sys.argv[1]]() if len(sys.argv) > 1 else main()
