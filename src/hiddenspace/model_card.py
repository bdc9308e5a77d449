"""The README.md of a saved model."""

from __future__ import annotations

from typing import Any

TEMPLATE = """---
library_name: hiddenspace
tags:
- hiddenspace
- {kind}
- autoencoder
---

# {class_name} for {name}

{class_name}, made with hiddenspace {version}, encodes {kind} of shape {shape} into {code} numbers{decodes}.

```python
import hiddenspace as hs

model = hs.load("this folder")
codes = model.transform(X)
```

## Data

{items} items of `{name}`, {kind} of shape {shape}.

## Figures

{figures}

## Settings

{settings}

## Versions

{versions}
"""


def model_card(model: Any, config: dict[str, Any]) -> str:
    """A model card with data, figures, settings and versions, in Markdown."""
    data, history = config["fitted"]["data"], config["fitted"]["history"]
    best: dict[str, float] = min(
        history, key=lambda row: sum(v for k, v in row.items() if k.startswith("validation/")), default={}
    )
    figures = {k: f"{v:.6g}" for k, v in best.items() if k.startswith(("train/", "validation/")) or k == "epoch"}
    figures |= {f"{k} (explained variance)": f"{v:.4f}" for k, v in data.get("scores", {}).items()}
    return TEMPLATE.format(
        class_name=config["class"],
        name=data["name"],
        kind=data["kind"],
        items=data["items"],
        shape=" x ".join(map(str, data["shape"])),
        code=model.code_size_,
        decodes=" and back" if "decoder" in model.network_names else "",
        version=config["version"],
        figures=_table(figures) or "None were measured.",
        settings=_table(config["params"]),
        versions=_table(config["versions"]),
    )


def _table(values: dict[str, Any]) -> str:
    return "\n".join(f"- {name}: `{value}`" for name, value in values.items())
