"""Training throughput of DANN from MNIST to USPS: the same nets and batches in ours, a bare loop and skada's.

Run: python adaptation_throughput.py, and AS=rows python adaptation_throughput.py for the pixels of 16 x 16 as columns;
TURNS=2 for a quick try. One kind alone, which ends with what it has learned: python adaptation_throughput.py bare
< /dev/null (skada's with the interpreter that peers.skada() names).
"""

from __future__ import annotations

import json
import math
import os
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from common import ROOT, data_folder, digits_like, show
from turns import Clock, take_turns

AS = os.environ.get("AS", "images")
SIZE = {"images": 28, "rows": 16}[AS]
BATCH, HIDDEN, CLASSES = 64, 256, 10
TURN = 200  # steps, which are an epoch of ours
TURNS = int(os.environ.get("TURNS", "15"))
STEPS = TURN * (TURNS + 1)
RATE, DECAY, AVERAGING = 2e-3, 1e-2, 0.99
LEARNED = "HIDDENSPACE_LEARNED"  # names a folder for what the kinds have learned
Domains = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def digits() -> Domains | None:
    """MNIST and its labels, USPS and its labels, (n, side, side) bytes; None where they are missing."""
    try:
        x, y, _, _ = digits_like("mnist")
        kept = np.load(data_folder("usps") / "usps.npz")
    except SystemExit:
        return None
    return resized(x / np.float32(255)), y.astype(np.int64), resized(kept["x_train"]), kept["y_train"].astype(np.int64)


def domains() -> Domains:
    """Those digits, or noise of the same shapes: bytes (n, 28, 28), or float32 rows (n, 256) in [0, 1]."""
    random = np.random.default_rng(0)

    def noise(count):
        return random.integers(0, 256, (count, SIZE, SIZE), np.uint8), random.integers(0, CLASSES, count)

    x, y, target, target_labels = digits() or (*noise(60_000), *noise(7_291))
    if AS == "rows":
        x, target = ((items.reshape(len(items), -1) / np.float32(255)) for items in (x, target))
    return x, y, target, target_labels


def resized(images: np.ndarray) -> np.ndarray:
    """Images (n, h, w) in [0, 1] -> bytes (n, side, side)."""
    import torch

    how = {"mode": "bilinear", "antialias": True}
    made = torch.nn.functional.interpolate(torch.from_numpy(images)[:, None], (SIZE, SIZE), **how)
    return (255 * made[:, 0]).round().byte().numpy()


def to_model(items):
    """A batch of them, as the network takes it."""
    return items[:, None].float().div(255) if AS == "images" else items


def networks():
    """Encoder, head and discriminator, which are the defaults of ours."""
    from torch import nn

    from hiddenspace.nets.mlp import MLP
    from hiddenspace.nets.normed_conv import NormedConvEncoder

    if AS == "images":
        encoder = NormedConvEncoder((1, SIZE, SIZE), features := 128)
    else:
        encoder = nn.Sequential(MLP([SIZE**2, 128, features := 64], slope=0.0), nn.ReLU())
    return encoder, nn.Linear(features, CLASSES), MLP([features, HIDDEN, HIDDEN, 1], slope=0.0)


def learned(kind: str, losses, predict) -> None:
    """Keeps the mean losses of the first turn and the last, and the accuracy on 5,000 training items of each domain.

    `predict` takes items as `domains` gives them.
    """
    x, y, target, target_labels = domains()
    some = slice(None, 5_000)
    pairs = {"source": (x[some], y[some]), "target": (target[some], target_labels[some])}
    found = {name: float((predict(items) == labels).mean()) for name, (items, labels) in pairs.items()}
    found |= {"first": float(losses[0]), "last": float(losses[-1])}
    print(kind, found, file=sys.stderr)
    if LEARNED in os.environ:
        (Path(os.environ[LEARNED]) / f"{kind}.json").write_text(json.dumps(found))


def ours(criteria: bool) -> None:
    """The estimator; it judges each epoch, which is a turn here, by its criteria, unless these are left out."""
    import hiddenspace as hs

    clock = Clock()

    class Watch(hs.Observer):
        def __call__(self, event):
            assert event.items == BATCH  # of the source
            if event.round % TURN == 0:
                clock.epoch_ended()

    class Unjudged(hs.Observer):
        def figures(self, row):
            return {"monitor/source": math.nan}

    class Unwatched(hs.DANN):
        def _watch(self, source, held_out, target):
            return Unjudged()

    x, y, target, _ = domains()
    model = (hs.DANN if criteria else Unwatched)(
        augmentation=None,
        restyling=None,
        consistency=0.0,
        shared_batch=True,
        validation_fraction=0.0,
        batch_size=BATCH,
        epochs=TURNS + 1,
        random_state=0,
        trainer=hs.Trainer(accelerator="cpu", precision="32", progress=False, observers=[Watch()]),
    )
    model.fit(x, y, X_target=target)
    losses = [row["loss"] for row in model.history_]
    learned("ours" if criteria else "ours, no criteria", losses, model.predict)


def bare(as_ours: bool) -> None:
    """The loop that one would write by hand; or with all that ours does: schedule, clipping and averaged weights."""
    import torch
    import torch.nn.functional as F
    from torch import nn
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

    class Reversal(torch.autograd.Function):
        @staticmethod
        def forward(ctx, features, scale):
            ctx.scale = scale
            return features.view_as(features)

        @staticmethod
        def backward(ctx, gradient):
            return -ctx.scale * gradient, None

    def orders(count):
        while True:
            yield from torch.randperm(count)[: count // BATCH * BATCH].split(BATCH)

    torch.manual_seed(0)
    source, labels, target = map(torch.from_numpy, map(np.array, domains()[:3]))
    encoder, head, discriminator = networks()
    model = nn.ModuleList([encoder, head, discriminator]).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=DECAY, fused=True)
    if as_ours:
        how = {"pct_start": 0.1, "div_factor": 10.0, "cycle_momentum": False}
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, STEPS + 1, **how)
        average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(AVERAGING), use_buffers=True)
    clock, total, losses = Clock(), 0.0, []
    for step, i, j in zip(range(1, STEPS + 1), orders(len(source)), orders(len(target)), strict=False):
        raw = torch.cat([source.index_select(0, i), target.index_select(0, j)])
        features = encoder(to_model(raw))
        strength = 2 / (1 + math.exp(-10 * step / STEPS)) - 1
        judged = discriminator(Reversal.apply(features, strength))
        naming = F.cross_entropy(head(features[:BATCH]), labels.index_select(0, i))
        loss = naming + F.softplus(judged[:BATCH]).mean() + F.softplus(-judged[BATCH:]).mean()
        optimizer.zero_grad()
        loss.backward()
        if as_ours:
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if as_ours:
            schedule.step()
            average.update_parameters(model)
        total += float(loss.detach())
        if step % TURN == 0:
            losses.append(total / TURN)
            total = 0.0
            clock.epoch_ended()
    encoder, head, _ = (average.module if as_ours else model).eval()

    def predict(images):
        with torch.inference_mode():
            return head(encoder(to_model(torch.from_numpy(images.copy())))).argmax(1).numpy()

    learned("bare, as ours" if as_ours else "bare", losses, predict)


def skada() -> None:
    """The DANN of skada, which skorch trains."""
    sys.path.insert(0, str(ROOT / "src"))  # of which its environment has only this file's nets to import
    import torch
    from skada.deep import DANN
    from skada.deep.modules import GradientReversalLayer
    from skorch.callbacks import Callback
    from torch import nn

    clock = Clock()

    class Watch(Callback):
        def initialize(self):
            self.steps = 0

        def on_batch_end(self, net, batch=None, training=None, **_):
            self.steps += 1
            assert len(batch[1]) == 2 * BATCH
            if self.steps % TURN == 0:
                clock.epoch_ended()
            if self.steps == STEPS:
                raise KeyboardInterrupt  # on which skorch ends a training, and no more

    class Named(nn.Module):
        def __init__(self, encoder, head):
            super().__init__()
            self.encoder, self.head = encoder, head

        def forward(self, x, sample_weight=None):
            return self.head(self.encoder(x))

    class Judging(nn.Module):
        def __init__(self, discriminator):
            super().__init__()
            self.discriminator = discriminator

        def forward(self, features, sample_weight=None):
            return self.discriminator(GradientReversalLayer.apply(features, 1.0)).squeeze(1)

    def scaled(items):
        return to_model(torch.from_numpy(items.copy())).numpy()

    torch.manual_seed(0)
    x, y, target, _ = domains()
    encoder, head, discriminator = networks()
    net = DANN(
        Named(encoder, head),
        layer_name="encoder",
        domain_classifier=Judging(discriminator),
        domain_criterion=nn.BCEWithLogitsLoss(),
        optimizer=torch.optim.AdamW,
        optimizer__lr=RATE,
        optimizer__weight_decay=DECAY,
        optimizer__fused=True,
        batch_size=BATCH,
        max_epochs=STEPS,  # more than are gone through
        train_split=None,
        callbacks=[Watch()],
        verbose=0,
    )
    both = np.concatenate([scaled(x), scaled(target)])
    labels = np.concatenate([y, np.full(len(target), -1)])
    net.fit(both, labels, sample_domain=np.repeat([1, -2], [len(x), len(target)]))
    every = [loss for epoch in net.history[:, "batches", :, "train_loss"] for loss in epoch]
    losses = np.reshape(every, (-1, TURN)).mean(1)
    learned("skada", losses, lambda images: net.predict(scaled(images), allow_source=True))


KINDS = {
    "ours": partial(ours, criteria=True),
    "ours, no criteria": partial(ours, criteria=False),
    "bare": partial(bare, as_ours=False),
    "bare, as ours": partial(bare, as_ours=True),
    "skada": skada,
}


def main() -> None:
    from peers import skada as python_of_skada

    with tempfile.TemporaryDirectory() as folder:
        os.environ[LEARNED] = folder
        seconds = take_turns(__file__, list(KINDS), {"skada": python_of_skada()}, TURNS)
        found = {kind: json.loads((Path(folder) / f"{kind}.json").read_text()) for kind in KINDS}

    def ratio(mine: str, other: str) -> str:
        if other.startswith("ours"):
            return ""
        low, middle, high = np.quantile(np.divide(seconds[other], seconds[mine]), (0.25, 0.5, 0.75))
        return f"{middle:.2f} ({low:.2f} to {high:.2f})"

    def speed(kind: str) -> str:
        speeds = np.divide(2 * BATCH * TURN, seconds[kind])
        return f"{np.median(speeds):,.0f} ({min(speeds):,.0f} to {max(speeds):,.0f})"

    rows = [
        [
            kind,
            speed(kind),
            ratio("ours", kind),
            ratio("ours, no criteria", kind),
            f"{found[kind]['first']:.2f}, {found[kind]['last']:.2f}",
            *(f"{100 * found[kind][domain]:.1f}" for domain in ("source", "target")),
        ]
        for kind in KINDS
    ]
    header = [
        "",
        "items/s",
        "ours is so many times as fast",
        "ours without criteria",
        "loss, first and last turn",
        "accuracy on the source, %",
        "on the target",
    ]
    data = "MNIST to USPS" if digits() else "Noise of the shapes of MNIST and USPS"
    encoder = {
        "images": "three convolutions and a linear layer, normalised",
        "rows": "a fully connected one of 128 and 64 units; each pixel is a column",
    }[AS]
    notes = [
        f"{data} at {SIZE} x {SIZE}; the same encoder ({encoder}), linear head and discriminator "
        f"of two hidden layers of {HIDDEN}; {BATCH} items of each domain a step, which count as {2 * BATCH}; fused "
        "AdamW, float32, both domains in one batch. Five processes that train for "
        f"{TURN} steps in turns, {TURNS} turns after a first one that is not counted: medians (lowest to highest) of "
        "the speeds, medians (quartiles) of the ratios within a turn.",
        f"Ours is `DANN(shared_batch=True, augmentation=None, restyling=None, validation_fraction=0)`. After each "
        f"{TURN} steps it judges up to 2,000 items of each domain by its criteria, which no option leaves out; the "
        "second row has that replaced by nothing. It also clips gradients, schedules the rate, averages the weights, "
        "looks at each loss whether it is finite, and has vectors not decay.",
        "The bare loop is what one writes by hand with arrays in memory: one pass of encoder and discriminator over "
        "both domains. The second has clipping, one-cycle rates and averaged weights (PyTorch's) as well.",
        "skada 0.6.0 by skorch 1.4.0, without validation, else with its own loader and callbacks: one pass of both "
        "domains, source and target items in turn, drawn one by one by a DataLoader in the process of the training; an "
        "epoch is as long as the larger domain. It was given float32 items, a discriminator that begins with skada's "
        "gradient reversal, and BCEWithLogitsLoss; the loss is then the same sum of cross-entropy and two means. Its "
        "reversal is not scaled by the progress (1 from the start), and it neither clips, schedules nor averages. Its "
        "default, not used here, is BCELoss on a softmax of a single output, which is 1 whatever the features are.",
        "Losses and accuracies (5,000 training items of each domain) show that all of them learn; no method is to be "
        "judged by so short a training. The losses include the discriminator's.",
    ]
    show(f"adaptation_throughput_{AS}", f"Training throughput of DANN on {AS}", header, rows, notes)


if __name__ == "__main__":
    KINDS[sys.argv[1]]() if len(sys.argv) > 1 else main()
