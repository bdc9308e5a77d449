"""torch-mimicry's SNGAN, run in an environment of its own: trained by its own loop for so many seconds, then sampled.

Run by gan_images.py: python mimicry_peer.py IMAGES.npy SAMPLES.npy --seconds 600 --seed 0 --width 256
"""

import argparse
import tempfile
import time

import numpy as np
import torch
from mimicry_loop import Loop  # which must come before mimicry itself
from torch_mimicry.nets import sngan

SAMPLES = 10_000


class OutOfTimeError(Exception):
    """Ends mimicry's loop, which counts steps only."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images")
    parser.add_argument("samples")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--width", type=int, default=256, help="channels of the generator; the other has half of them")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    images = torch.from_numpy(np.load(options.images))
    edge = (32 - images.shape[1]) // 2
    padded = torch.nn.functional.pad(images, [edge] * 4).float()[:, None].expand(-1, 3, -1, -1) / 127.5 - 1
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(padded, torch.zeros(len(padded))), batch_size=64, shuffle=True, drop_last=True
    )
    # learning rate, betas, decay and the discriminator's five steps are those of mimicry's SNGAN for CIFAR-10
    generator = sngan.SNGANGenerator32(ngf=options.width)
    discriminator = sngan.SNGANDiscriminator32(ndf=options.width // 2)
    optimizers = [torch.optim.Adam(net.parameters(), 2e-4, betas=(0.0, 0.9)) for net in (discriminator, generator)]
    end = time.perf_counter() + options.seconds

    def watch(steps: int) -> None:
        if time.perf_counter() > end:
            raise OutOfTimeError(f"{steps} steps of the discriminator")

    with tempfile.TemporaryDirectory() as folder:
        how = {"num_steps": 100_000, "n_dis": 5, "lr_decay": "linear", "log_dir": folder}
        try:
            Loop(discriminator, generator, *optimizers, loader, before_step=watch, **how).train()
        except OutOfTimeError as end_of_time:
            print(end_of_time)
    generator.eval()
    with torch.inference_mode():
        made = torch.cat([generator.generate_images(100).mean(1) for _ in range(SAMPLES // 100)])
    made = made[:, edge : 32 - edge, edge : 32 - edge]
    np.save(options.samples, ((made + 1) * 127.5).clamp(0, 255).round().byte().numpy())


if __name__ == "__main__":
    main()
