"""Run by test_pca_ranks.py: decomposes data over two forked gloo ranks, in each of the three ways.

Usage: pca_ranks_script.py PORT FOLDER   FOLDER/x.npy is read; FOLDER/RANK.npz gets the figures of each way
"""

import os
import sys
import traceback
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist

from hiddenspace.autoencoders import decomposition
from hiddenspace.autoencoders.decomposition import Decomposition, Passes

CODE = 3


def ways(x: np.ndarray) -> dict[str, Decomposition]:
    """Chunks of 16 rows, so that there are several, and the last one smaller."""
    decomposition.CHUNK_BYTES = 16 * 4 * x.shape[1]
    passes = Passes(x, lambda raw: raw, torch.device("cpu"))
    return {
        "covariance": decomposition.by_covariance(passes),
        "inner products": decomposition.by_inner_products(passes, CODE),
        "subspace iteration": decomposition.by_subspace_iteration(passes, CODE, 0),
    }


def figures(found: dict[str, Decomposition]) -> dict[str, np.ndarray]:
    named = {}
    for way, d in found.items():
        projector = d.components[:CODE].double().T @ d.components[:CODE].double()  # free of signs and rotations
        named |= {f"{way}/mean": d.mean.numpy(), f"{way}/variances": d.variances[:CODE].numpy()}
        named |= {f"{way}/projector": projector.numpy(), f"{way}/total": np.array(d.total)}
    return named


def rank(number: int, port: str, folder: Path) -> int:
    try:
        torch.set_num_threads(1)
        dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=number, world_size=2)
        np.savez(folder / f"{number}.npz", **figures(ways(np.load(folder / "x.npy", mmap_mode="r"))))
        dist.destroy_process_group()
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def main() -> int:
    children = []
    for number in (0, 1):
        children.append(os.fork())
        if children[-1] == 0:
            os._exit(rank(number, sys.argv[1], Path(sys.argv[2])))
    return max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)


if __name__ == "__main__":
    sys.exit(main())
