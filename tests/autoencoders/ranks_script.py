"""Run by test_ranks.py: over two forked gloo ranks fits models, and decomposes data in each of the three ways.

Usage: ranks_script.py PORT FOLDER   FOLDER/x.npy is read; FOLDER/RANK.npz gets seeds and codes, and figures of each way
"""

import os
import sys
import traceback
from pathlib import Path

import lightning_fabric  # noqa: F401  this and dynamo take their time, and once is enough for two forked ranks
import numpy as np
import torch
import torch._dynamo
import torch.distributed as dist

import hiddenspace as hs
from hiddenspace.autoencoders import decomposition
from hiddenspace.autoencoders.autoencoder import Autoencoder
from hiddenspace.autoencoders.decomposition import Decomposition, Passes
from hiddenspace.autoencoders.pca import PCA

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


def models(x: np.ndarray) -> dict[str, np.ndarray]:
    """Seed and codes of an autoencoder and of PCA over the ranks, and of PCA in this one alone."""
    trainer = hs.Trainer(progress=False, precision="32")
    made = {"Autoencoder": Autoencoder(CODE, epochs=2, trainer=trainer), "PCA": PCA(CODE, trainer=trainer)}
    named: dict[str, np.ndarray] = {}
    for name, model in {**made, "PCA alone": PCA(CODE)}.items():
        model.fit(x)
        named |= {f"{name}/seed": np.array(model.seed_), f"{name}/codes": model.transform(x)}
    return named


def rank(number: int, port: str, folder: Path) -> int:
    try:
        torch.set_num_threads(1)
        np.random.seed(number)  # noqa: NPY002  that which a `random_state` of None draws from
        address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
        os.environ.update(address, RANK=str(number), LOCAL_RANK=str(number))  # as torchrun does
        fitted = models(np.load(folder / "x.npy"))  # which starts the group
        np.savez(folder / f"{number}.npz", **fitted, **figures(ways(np.load(folder / "x.npy", mmap_mode="r"))))
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
