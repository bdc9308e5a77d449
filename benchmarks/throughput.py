"""Training throughput on MNIST: the same layers, batch size and optimizer in ours, a bare loop and Pythae."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

BATCH, EPOCHS, ROUNDS = 128, 5, 5
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


def ours(precision: str) -> float:
    """Items a second of the library's loop, over the epochs after the first."""
    import hiddenspace as hs

    encoder, decoder = networks()
    trainer = hs.Trainer(precision=precision, optimizer=adam, progress=False)
    model = hs.Autoencoder(
        encoder=encoder,
        decoder=decoder,
        epochs=EPOCHS,
        batch_size=BATCH,
        validation_fraction=0,
        random_state=0,
        trainer=trainer,
    )
    model.fit(images())
    seconds = [row["seconds"] for row in model.history_]
    return (60_000 // BATCH) * BATCH * (EPOCHS - 1) / (seconds[-1] - seconds[0])


def bare(precision: str) -> float:
    """Items a second of the loop that one would write by hand."""
    import torch
    import torch.nn.functional as F
    from torch import nn

    torch.manual_seed(0)
    data = torch.from_numpy(images())
    model = nn.Sequential(*networks())
    optimizer = adam(model.parameters())
    started = 0.0
    for epoch in range(EPOCHS):
        order = torch.randperm(len(data))
        total = 0.0
        for start in range(0, len(data) - BATCH + 1, BATCH):
            x = data[order[start : start + BATCH]].float() / 255
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
                rebuilt = model(x)
            loss = F.mse_loss(rebuilt.float(), x)
            loss.backward()
            optimizer.step()
            total += float(loss.detach())
        if epoch == 0:
            started = time.perf_counter()
    return (60_000 // BATCH) * BATCH * (EPOCHS - 1) / (time.perf_counter() - started)


def pythae() -> float:
    """Items a second of Pythae's own trainer, over the epochs after the first."""
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

    ends: list[float] = []

    class Clock(TrainingCallback):
        def on_epoch_end(self, training_config, **_):
            ends.append(time.perf_counter())

    x = torch.from_numpy(images()).float().div(255).unflatten(1, (1, 28, 28))
    model = AE(AEConfig(input_dim=(1, 28, 28), latent_dim=LAYERS[2]), encoder=Encoder(), decoder=Decoder())
    config = BaseTrainerConfig(
        output_dir=tempfile.mkdtemp(),
        num_epochs=EPOCHS,
        per_device_train_batch_size=BATCH,
        learning_rate=1e-3,
        optimizer_cls="Adam",
        no_cuda=True,
    )
    data = BaseDataset(x, torch.ones(len(x)))
    BaseTrainer(model=model, train_dataset=data, training_config=config, callbacks=[Clock()]).train()
    return len(x) * (EPOCHS - 1) / (ends[-1] - ends[0])


KINDS = {
    "ours, auto": lambda: ours("auto"),
    "bare, bf16": lambda: bare("bf16"),
    "ours, float32": lambda: ours("32"),
    "bare, float32": lambda: bare("32"),
    "pythae": pythae,
}


def main() -> None:
    from common import show
    from peers import python_of

    pythons = {"pythae": python_of("pythae", "torch==2.13.0", "pythae==0.1.2")}
    speeds: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for turn in range(ROUNDS):
        for kind in KINDS:
            command = [pythons.get(kind, sys.executable), __file__, kind]
            done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent)
            speeds[kind].append(float(done.stdout.split()[-1]))
            print(f"{turn + 1} {kind}: {speeds[kind][-1]:,.0f} items/s", flush=True)

    def ratio(a: str, b: str) -> str:
        pairs = sorted(x / y for x, y in zip(speeds[a], speeds[b], strict=True))
        return f"{np.median(pairs):.2f} ({pairs[0]:.2f} to {pairs[-1]:.2f})"

    rows = [
        [kind, f"{np.median(values):,.0f}", ratio(kind, "pythae"), ratio(kind, bare_of) if bare_of else ""]
        for (kind, values), bare_of in zip(
            speeds.items(), ("bare, bf16", None, "bare, float32", None, None), strict=True
        )
    ]
    notes = [
        f"MNIST, {'-'.join(map(str, LAYERS))}, batch {BATCH}, Adam; {ROUNDS} turns, each kind in a fresh process of "
        "its own; the first epoch is not counted; median ratios within a turn (lowest to highest).",
        "'auto' is bf16 mixed precision where the processor multiplies it fast. The bare loop uses fused Adam too; "
        "Pythae 0.1.2 uses its own trainer in float32.",
    ]
    header = ["", "items/s", "ratio to Pythae", "ratio to the bare loop"]
    show("throughput", "Training throughput", header, rows, notes)


if __name__ == "__main__":
    print(KINDS[sys.argv[1]]()) if len(sys.argv) > 1 else main()
