"""Several processes fit one model: they agree on seed, split and weights, whatever `random_state` is."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

SCRIPT = """
import json, os, sys
import numpy as np
import torch.distributed as dist
import hiddenspace as hs

X = np.random.default_rng(0).normal(size=(101, 8)).astype("f4")
short = {"epochs": 2, "trainer": hs.Trainer(progress=False, precision="32")}
models = [hs.Autoencoder(code=3, **short), hs.PCA(3, trainer=hs.Trainer()), hs.PCA(3)]
for model in models:
    model.fit(X)
seen = [(model.seed_, model.transform(X).tolist()) for model in models]
with open(os.path.join(sys.argv[1], os.environ["RANK"]), "w") as file:
    json.dump(seen, file)
dist.barrier()
dist.destroy_process_group()
"""


@pytest.mark.slow
def test_two_ranks_fit_one_model(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*launcher, str(tmp_path / "script.py"), str(tmp_path)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    first, second = (json.loads((tmp_path / rank).read_text()) for rank in "01")
    assert first[:2] == second[:2]
    np.testing.assert_allclose(first[1][1], first[2][1], atol=1e-6)  # PCA over ranks is PCA in one
