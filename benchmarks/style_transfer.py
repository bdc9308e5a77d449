"""Style transfer: loss, time and memory of a step against neural-style-pt's optimisation, and the speed of defaults.

Run: python style_transfer.py [--paintings FOLDER] [--steps 100 300] [--size 256] [--cases 3]

TURNS=2 is for a quick try of the times. Without a folder the style of one photograph is the other one. The figures are
kept, so that a run that was interrupted goes on; delete figures/style_transfer.json to measure everything anew.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import style_peer as peer
import torch
from common import once, show, spread
from PIL import Image
from turns import Clock, take_turns

import hiddenspace as hs

FILE = "vgg19-d01eb7cb.pth"
"""So the net is known by its name for one that wants caffe's colours."""
WORK = "HIDDENSPACE_WORK"  # names a folder with the net and the pictures, for what the kinds have needed
TURN = 10  # steps
TURNS = int(os.environ.get("TURNS", "10"))
BORDERS = ("zeros", "replicate")
OPTIMIZERS = ("lbfgs", "adam")
SIZES = ((512, 512), (512, 341), (4000, 3000))
TITLES = {"lbfgs": "L-BFGS", "adam": "Adam"}


def photographs() -> list[Image.Image]:
    """The two that come with scikit-learn: a temple, and a flower."""
    from sklearn.datasets import load_sample_images

    return [Image.fromarray(pixels) for pixels in load_sample_images().images]


def paintings(folder: Path | None) -> list[Image.Image]:
    """Those in a folder; or the photographs, the other way round."""
    if folder is None:
        return photographs()[::-1]
    return [Image.open(path).convert("RGB") for path in sorted(folder.iterdir())]


def cut(picture: Image.Image, width: int, height: int) -> np.ndarray:
    """The largest piece of its middle with these proportions, in this size: bytes (h, w, 3)."""
    scale = min(picture.width / width, picture.height / height)
    left, top = (picture.width - scale * width) / 2, (picture.height - scale * height) / 2
    box = (left, top, left + scale * width, top + scale * height)
    return np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS, box))


def held(what: str) -> float:
    """MiB of memory that this process has (VmRSS), or has had at most (VmHWM; ru_maxrss begins with the parent's)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024


def relative(objective: peer.Objective) -> dict[str, float]:
    """The weight of each layer for distances such as ours, that are relative to what is wanted.

    Theirs, a mean of squares, is such a one times the mean of the squares that are wanted.
    """
    return {loss.name: loss.weight * float(loss.target.square().mean()) for loss in objective.losses}


def painter(of: dict[str, float], weights: Path, optimizer: str, steps: int, trainer: hs.Trainer) -> hs.StyleTransfer:
    """Ours; over layers its weights sum to 1, so their sum goes into the weight of all."""
    style, content = ({name: of[name] for name in names} for names in (peer.STYLE, peer.CONTENT))
    return hs.StyleTransfer(
        weights,
        steps=steps,
        size=None,
        style_layers=style,
        content_layers=content,
        style_weight=sum(style.values()) / sum(of.values()),
        content_weight=sum(content.values()) / sum(of.values()),
        mrf_weight=0,
        texture="gram",
        optimizer=optimizer,
        first_size=None,
        random_state=0,
        trainer=trainer,
    )


def losses(seed: int, content: np.ndarray, style: np.ndarray, optimizer: str, steps: list[int]) -> dict[str, float]:
    """Of what both have painted after so many steps, judged in bytes by theirs, with both borders."""
    made: dict[str, np.ndarray] = {}
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / FILE
        peer.write_random_vgg19(weights, seed)
        judges = {border: peer.Objective(weights, content, style, border) for border in BORDERS}

        class Watch(hs.Observer):
            def started(self, game, round, rounds):
                self.game = game

            def __call__(self, event):
                if event.round in steps:  # the end of a row, at which the picture is the averaged one
                    pixels = self.game.picture.detach().clamp(0, 1)[0].permute(1, 2, 0)
                    made[f"ours, {event.round}"] = (255 * pixels).round().byte().numpy()

        trainer = hs.Trainer(accelerator="cpu", progress=False, observers=[Watch()])
        ours = painter(relative(judges["replicate"]), weights, optimizer, max(steps), trainer)
        made[f"ours, {max(steps)}"] = ours.stylize(content, style)

        def watch(done: int, picture: torch.Tensor) -> None:
            if done in steps:
                made[f"theirs, {done}"] = peer.as_bytes(picture)

        peer.paint(judges["zeros"], content, optimizer, max(steps), watch)
    found = {}
    for border, judge in judges.items():
        for name, pixels in {"start": content, **made}.items():
            found[f"{name}, {border}"] = sum(judge.terms(pixels).values())
    return found


def child(kind: str) -> None:
    """Paints in turns with others; at the end it writes down what memory it has needed."""
    who, _, optimizer = kind.partition(", ")
    folder = Path(os.environ[WORK])
    content, style = np.load(folder / "pictures.npy")
    clock, steps = Clock(), TURN * (TURNS + 1)

    class Watch(hs.Observer):
        def __call__(self, event):
            watch(event.round, None)

    def watch(done: int, picture: torch.Tensor | None) -> None:
        if done % TURN == 0:
            clock.epoch_ended()

    trainer = hs.Trainer(accelerator="cpu", progress=False, observers=[Watch()])
    # what the layers weigh changes neither time nor memory
    ours = painter(dict.fromkeys((*peer.STYLE, *peer.CONTENT), 1.0), folder / FILE, optimizer, steps, trainer)
    before = held("VmRSS")
    if who == "ours":
        ours.stylize(content, style)
    else:
        peer.paint(peer.Objective(folder / FILE, content, style), content, optimizer, steps, watch)
    (folder / f"{kind}.json").write_text(json.dumps({"before": before, "peak": held("VmHWM")}))


def steps_in_turns(content: np.ndarray, style: np.ndarray) -> dict[str, float]:
    """Seconds of a step, its ratio to theirs (quartiles), and MiB of memory, by kind."""
    kinds = [f"{who}, {optimizer}" for optimizer in OPTIMIZERS for who in ("ours", "theirs")]
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        os.environ[WORK] = folder
        peer.write_random_vgg19(Path(folder) / FILE, 0)
        np.save(Path(folder) / "pictures.npy", np.stack([content, style]))
        seconds = take_turns(__file__, kinds, {}, TURNS)
        for kind in kinds:
            found[f"{kind}, seconds"] = float(np.median(seconds[kind])) / TURN
            memory = json.loads((Path(folder) / f"{kind}.json").read_text())
            found |= {f"{kind}, {name}": value for name, value in memory.items()}
    for optimizer in OPTIMIZERS:
        ratios = np.divide(seconds[f"ours, {optimizer}"], seconds[f"theirs, {optimizer}"])
        for name, ratio in zip(("low", "middle", "high"), np.quantile(ratios, (0.25, 0.5, 0.75)), strict=True):
            found[f"{optimizer}, {name}"] = float(ratio)
    return found


def by_default(width: int, height: int, folder: Path | None) -> dict[str, float]:
    """Seconds and MiB of `StyleTransfer()` on one photograph; in its own size, with few steps, where it is large."""
    content, style = cut(photographs()[0], width, height), np.asarray(paintings(folder)[0])
    large = max(width, height) > 512
    trainer = hs.Trainer(accelerator="cpu", progress=False)
    model = hs.StyleTransfer(random_state=0, trainer=trainer, **({"size": None, "steps": 12} if large else {}))
    started = time.perf_counter()
    model.stylize(content, style)
    return {"seconds": time.perf_counter() - started, "peak": held("VmHWM")}


def fast_style(folder: Path | None) -> dict[str, float]:
    """Pictures of 256 x 256 a second, after next to no training: what is painted is as much work as ever."""
    pictures = np.stack([cut(photographs()[k % 2], 256, 256) for k in range(64)])
    trainer = hs.Trainer(accelerator="cpu", progress=False)
    model = hs.FastStyle(steps=2, random_state=0, trainer=trainer)
    model.fit(pictures[:8], style=np.asarray(paintings(folder)[0]))
    found = {}
    batch = torch.from_numpy(pictures[:8]).permute(0, 3, 1, 2).float().div(255).contiguous()
    with torch.inference_mode():
        ways = {"stylize": lambda: [model.stylize(p) for p in pictures], "network": lambda: model.painter_(batch)}
        for way, run in ways.items():
            run()
            started = time.perf_counter()
            run()
            found[way] = (len(pictures) if way == "stylize" else len(batch)) / (time.perf_counter() - started)
    return found


def training(paintings_folder: Path, photographs_folder: Path) -> dict[str, float]:
    """Seconds that `FastStyle()` takes to learn a painting on a folder of photographs."""
    model = hs.FastStyle(random_state=0, trainer=hs.Trainer(accelerator="cpu", progress=False))
    started = time.perf_counter()
    model.fit(photographs_folder, style=np.asarray(paintings(paintings_folder)[-1]))
    return {"seconds": time.perf_counter() - started}


def alone(what: str, folder: Path | None) -> dict[str, float]:
    """One of the two above in a process of its own, so that its memory is its own."""
    arguments = [sys.executable, __file__, what, *([] if folder is None else [str(folder)])]
    made = subprocess.run(arguments, check=True, capture_output=True, text=True, cwd=Path(__file__).parent)
    figures: dict[str, float] = json.loads(made.stdout.splitlines()[-1])
    return figures


def show_losses(found: dict[str, list[dict[str, float]]], steps: list[int], notes: list[str]) -> None:
    def left(cases: list[dict[str, float]], name: str) -> str:
        return f"{100 * np.mean([figures[f'{name}, zeros'] / figures['start, zeros'] for figures in cases]):.2f}"

    def ratio(mine: str, other: str, count: int, border: str) -> str:
        pairs = zip(found[mine], found[other], strict=True)
        return spread([a[f"ours, {count}, {border}"] / b[f"theirs, {count}, {border}"] for a, b in pairs], 3)

    rows = [
        [count, TITLES[optimizer], left(cases, f"ours, {count}"), left(cases, f"theirs, {count}")]
        + [ratio(optimizer, optimizer, count, border) for border in BORDERS]
        + [ratio(optimizer, "lbfgs", count, "zeros")]
        for count in steps
        for optimizer, cases in found.items()
    ]
    header = [
        "steps",
        "optimizer",
        "ours: % of the first loss",
        "theirs",
        "ours / theirs, borders of zeros",
        "borders replicated",
        "ours / their L-BFGS",
    ]
    show("style_transfer_loss", "Style transfer: what is left of the loss", header, rows, notes)


def show_steps(found: dict[str, float], notes: list[str]) -> None:
    rows = []
    for optimizer in OPTIMIZERS:
        for who in ("ours", "theirs"):
            seconds, before, peak = (found[f"{who}, {optimizer}, {name}"] for name in ("seconds", "before", "peak"))
            low, middle, high = (found[f"{optimizer}, {name}"] for name in ("low", "middle", "high"))
            ratio = f"{middle:.2f} ({low:.2f} to {high:.2f})" if who == "ours" else ""
            rows.append([f"{who}, {TITLES[optimizer]}", f"{seconds:.3f}", ratio, f"{peak:.0f}", f"{peak - before:.0f}"])
    header = ["", "seconds a step", "ours / theirs", "peak memory, MiB", "of that, since painting began"]
    show("style_transfer_steps", "Style transfer: a step", header, rows, notes)


def show_defaults(found: dict[str, dict[str, float]], fast: dict[str, float]) -> None:
    rows = [[what, f"{f['seconds']:.0f} s", f"{f['peak']:.0f}" if "peak" in f else ""] for what, f in found.items()]
    rows += [[f"FastStyle, 256x256, {way}", f"{speed:.1f} pictures/s", ""] for way, speed in fast.items()]
    notes = [
        "`hs.StyleTransfer()` with all its defaults, the making of its net included; the large photograph with "
        "`size=None` and 12 steps, for memory does not depend on how many. Each in a process of its own.",
        "FastStyle: `stylize` takes one picture after another, with reading and checking; the network alone takes "
        "eight at once.",
    ]
    show("style_transfer_defaults", "Style transfer by default", ["", "time", "peak memory, MiB"], rows, notes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--paintings", type=Path)
    parser.add_argument("--photographs", type=Path, help="a folder on which FastStyle is trained as well")
    parser.add_argument("--steps", type=int, nargs="+", default=[100, 300])
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--cases", type=int, default=3)
    options = parser.parse_args()
    size, folder = options.size, options.paintings
    pairs = islice(zip(cycle(photographs()), cycle(paintings(folder)), strict=False), options.cases)
    pictures = [(cut(content, size, size), cut(style, size, size)) for content, style in pairs]
    keep = partial(once, "style_transfer")
    found = {
        optimizer: [
            keep(
                f"loss, {optimizer}, {size}, {options.steps}, {seed}",
                partial(losses, seed, *pair, optimizer, options.steps),
            )
            for seed, pair in enumerate(pictures)
        ]
        for optimizer in OPTIMIZERS
    }
    timed = keep(f"steps, {size}", partial(steps_in_turns, *pictures[0]))
    defaults = {f"{w}x{h}": keep(f"default, {w}x{h}", partial(alone, f"{w}x{h}", folder)) for w, h in SIZES}
    fast = keep("fast", partial(alone, "fast", folder))
    if folder and options.photographs:
        learned = keep("fast, training", partial(training, folder, options.photographs))
        defaults[f"FastStyle, training on {len(list(options.photographs.iterdir()))} photographs"] = learned
    net = (
        "VGG19 with random weights (Kaiming's, without biases) from a file that both load, in caffe's colours; "
        f"squares of {size} pixels; Gram matrices at {', '.join(peer.STYLE)}, content at {', '.join(peer.CONTENT)}, "
        f"weights {peer.STYLE_WEIGHT:.0f} and {peer.CONTENT_WEIGHT:.0f}, no total variation, one scale; it begins with "
        "the photograph"
    )
    theirs = (
        "Theirs: the algorithm of neural-style-pt, told again in `style_peer.py`, for its imports need torchvision; "
        "L-BFGS is its default, and Adam has its rate, 1 of 255. Ours: `hs.StyleTransfer(texture='gram', mrf_weight=0, "
        "first_size=None)` with layer weights that make the objective the same, the precision that is best on this "
        "processor, and its own rates"
    )
    styles = "a folder of paintings" if folder else "the other of the two"
    show_losses(
        found,
        options.steps,
        [
            f"{net}. Means over {options.cases} pairs (lowest to highest), each with a seed of its own for the net; "
            f"photographs of scikit-learn, styles of {styles}.",
            f"{theirs}.",
            "Both results are judged as bytes by one and the same net and targets, theirs: once with its zeros beyond "
            "the border of the picture, as theirs is optimised, and once with the border replicated at the first "
            "convolution, as ours is.",
        ],
    )
    show_steps(
        timed,
        [
            f"{net}; the first pair.",
            f"{theirs}.",
            f"Four processes that take {TURN} steps in turns, {TURNS} turns after a first one that is not counted: "
            "medians of the seconds and of the ratios within a turn (quartiles).",
            "Memory: what each process has had at most, which is with all that it imports (ours: scikit-learn too), "
            "and how much more that is than what it had before the net was read.",
        ],
    )
    show_defaults(defaults, fast)


def run(what: str, folder: Path | None) -> None:
    """What a process was started for."""
    if what == "fast":
        print(json.dumps(fast_style(folder)))
    elif "x" in what:
        width, height = map(int, what.split("x"))
        print(json.dumps(by_default(width, height, folder)))
    else:
        child(what)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("--"):
        run(sys.argv[1], Path(sys.argv[2]) if len(sys.argv) > 2 else None)
    else:
        main()
