"""Training throughput on MNIST: the same layers, batch size and optimizer in ours, a bare loop and Pythae."""

from __future__ import annotations

import sys
import tempfile

import numpy as np
from turns import Clock, take_turns

BATCH, TURNS = 128, 25
LAYERS = (784, 512, 32, 512, 784)


def networks():
    """Encoder and decoder, 784-512-32-512-784 with ReLU between."""
    from torch import nn

    a, b, c, d, e = LAYERS
    return nn.Sequential(nn.Linear(a, b), nn.ReLU(), nn.Linear(b, c)), nn.Sequential(
        nn.Linear(c, d), nn.ReLU(), nn.Linear(d, e)
    )


def images() -> np.ndarray:
    """MNIST's training images as rows of bytes."""
    from common import digits_like

    train, _, _, _ = digits_like("mnist")
    return np.ascontiguousarray(train.reshape(len(train), -1))


def adam(parameters):
    """The optimizer of ours and of the bare loop: Adam in PyTorch's fused form."""
    import torch

    return torch.optim.Adam(parameters, lr=1e-3, fused=True)


def ours(precision: str) -> None:
    """The library's loop."""
    import hiddenspace as hs

    clock = Clock()

    class Watch(hs.Observer):
        def __call__(self, event):
            if event.row is not None:
                clock.epoch_ended()

    encoder, decoder = networks()
    hs.Autoencoder(
        encoder=encoder,
        decoder=decoder,
        epochs=TURNS + 1,
        batch_size=BATCH,
        validation_fraction=0,
        random_state=0,
        trainer=hs.Trainer(precision=precision, optimizer=adam, progress=False, observers=[Watch()]),
    ).fit(images())


def bare(precision: str) -> None:
    """The loop that one would write by hand."""
    import torch
    import torch.nn.functional as F
    from torch import nn

    torch.manual_seed(0)
    data = torch.from_numpy(images().copy())
    model = nn.Sequential(*networks())
    optimizer = adam(model.parameters())
    clock = Clock()
    for _ in range(TURNS + 1):
        order = torch.randperm(len(data))
        total = 0.0
        for start in range(0, len(data) - BATCH + 1, BATCH):
            x = data[order[start : start + BATCH]].float() / 255
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == "auto"):
                rebuilt = model(x)
            loss = F.mse_loss(rebuilt.float(), x)
            loss.backward()
            optimizer.step()
            total += float(loss.detach())
        clock.epoch_ended()


def pythae() -> None:
    """Pythae's own trainer."""
    import logging

    import torch
    from pythae.data.datasets import BaseDataset
    from pythae.models import AE, AEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig
    from pythae.trainers.training_callbacks import TrainingCallback

    logging.disable(logging.CRITICAL)
    first, second = networks()

    class Encoder(BaseEncoder):
        def __init__(self):
            super().__init__()
            self.layers = first

        def forward(self, x):
            return ModelOutput(embedding=self.layers(x.flatten(1)))

    class Decoder(BaseDecoder):
        def __init__(self):
            super().__init__()
            self.layers = second

        def forward(self, z):
            return ModelOutput(reconstruction=self.layers(z).unflatten(1, (1, 28, 28)))

    clock = Clock()

    class Watch(TrainingCallback):
        def on_epoch_end(self, training_config, **_):
            clock.epoch_ended()

    x = torch.from_numpy(images().copy()).float().div(255).unflatten(1, (1, 28, 28))
    model = AE(AEConfig(input_dim=(1, 28, 28), latent_dim=LAYERS[2]), encoder=Encoder(), decoder=Decoder())
    config = BaseTrainerConfig(
        output_dir=tempfile.mkdtemp(),
        num_epochs=TURNS + 1,
        per_device_train_batch_size=BATCH,
        learning_rate=1e-3,
        optimizer_cls="Adam",
        no_cuda=True,
    )
    data = BaseDataset(x, torch.ones(len(x)))
    BaseTrainer(model=model, train_dataset=data, training_config=config, callbacks=[Watch()]).train()


KINDS = {
    "ours, auto": lambda: ours("auto"),
    "bare, auto": lambda: bare("auto"),
    "ours, float32": lambda: ours("32"),
    "bare, float32": lambda: bare("32"),
    "pythae": pythae,
}


def main() -> None:
    from common import show
    from peers import python_of

    pythons = {"pythae": python_of("pythae", "torch==2.13.0", "pythae==0.1.2")}
    speeds = {
        kind: np.divide(60_000 if kind == "pythae" else 60_000 // BATCH * BATCH, seconds)  # it keeps its last batch
        for kind, seconds in take_turns(__file__, list(KINDS), pythons, TURNS).items()
    }

    def ratio(a: str, b: str) -> str:
        pairs = np.divide(speeds[a], speeds[b])
        low, middle, high = np.quantile(pairs, (0.25, 0.5, 0.75))
        return f"{middle:.2f} ({low:.2f} to {high:.2f})"

    rows = [
        [
            kind,
            f"{np.median(found):,.0f}",
            "" if kind == "pythae" else ratio(kind, "pythae"),
            ratio(kind, kind.replace("ours", "bare")) if kind.startswith("ours") else "",
        ]
        for kind, found in speeds.items()
    ]
    notes = [
        f"MNIST, {'-'.join(map(str, LAYERS))}, batch {BATCH}, Adam; five processes that train for an epoch in turns, "
        f"{TURNS} turns after a first epoch that is not counted: the median of the ratios within a turn (quartiles).",
        "'auto' is bf16 mixed precision where the processor multiplies it fast. The bare loop is what one writes by "
        "hand, with fused Adam as ours has it; Pythae 0.1.2 uses its own trainer, in float32.",
    ]
    header = ["", "items/s", "ratio to Pythae", "ratio to a bare PyTorch loop"]
    show("throughput", "Training throughput", header, rows, notes)


if __name__ == "__main__":
    KINDS[sys.argv[1]]() if len(sys.argv) > 1 else main()
