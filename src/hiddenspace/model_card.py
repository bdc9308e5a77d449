"""The README.md of a saved model."""

from __future__ import annotations

import re
from typing import Any

TEMPLATE = """---
library_name: hiddenspace
pipeline_tag: feature-extraction
tags:
- hiddenspace
- {kind}
- autoencoder
---

# {title}

{sentence}

```python
import hiddenspace as hs

model = hs.load({address!r})
codes = model.transform(X)          # (n, {code})
again = model.inverse_transform(codes)
```

## Data

{items:,} items ({name}): {things}.

## Figures

{figures}

## Settings

{settings}

## Versions

{versions}
"""


def model_card(model: Any, config: dict[str, Any], address: str) -> str:
    """A model card with data, figures, settings and versions, in Markdown."""
    data = config["fitted"]["data"]
    things = _things(data["kind"], data["shape"])
    words = _words(config["class"])
    name = " ".join(str(data["name"]).split())
    return TEMPLATE.format(
        kind=data["kind"],
        title=words[0].upper() + words[1:] + (f" for {name}" if name != "array" else ""),
        name=name,
        sentence=f"{_article(words)} {words} that encodes {things} into {model.code_size_} numbers and back.",
        address=address,
        code=model.code_size_,
        items=data["items"],
        things=things,
        figures=_table("figure", "value", _figures(model, data.get("scores", {}))) or "None were measured.",
        settings=_settings(config["params"]),
        versions=_table("package", "version", config["versions"]),
    )


def _figures(model: Any, scores: dict[str, float]) -> dict[str, str]:
    """Explained variance on held-out items where a run measured it, and the losses of the epoch that was kept."""
    figures = {f"explained variance of {name}, held-out items": f"{value:.4f}" for name, value in scores.items()}
    if hasattr(model, "explained_variance_ratio_"):
        figures["explained variance, training items"] = f"{model.explained_variance_ratio_.sum():.4f}"
    best = getattr(model, "best_epoch_", None)
    for row in model.history_:
        if row["epoch"] == best:
            figures["epoch kept"] = f"{best} of {len(model.history_)}"
            for key, value in row.items():
                part, _, term = key.partition("/")
                if term:
                    figures[f"{_TERMS.get(term, term)}, {_PARTS[part]}"] = f"{value:.6g}"
    return figures


_PARTS = {"train": "training items", "validation": "validation items"}
_TERMS = {
    "reconstruction": "mean squared error in model space",
    "mse": "mean squared error in model space",
    "likelihood": "negative log-likelihood per value",
    "kl": "divergence of the codes from N(0, 1) per value",
    "sparsity": "sparsity penalty",
}


def _things(kind: str, shape: list[int]) -> str:
    match kind:
        case "images":
            channels = f"{shape[2]} channels" if shape[2] != 1 else "one channel"
            return f"images of {shape[0]}x{shape[1]} pixels with {channels}"
        case "table":
            return f"the rows of a table with {shape[0]} columns"
    return f"rows of {shape[0]} numbers"


def _words(class_name: str) -> str:
    """'VariationalAutoencoder' -> 'variational autoencoder'; 'PCA' stays."""
    if class_name.isupper():
        return class_name
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", class_name).lower()


def _article(words: str) -> str:
    return "An" if words[0] in "aeio" else "A"


def _settings(params: dict[str, Any]) -> str:
    """What was set, or has a default that is a value; the rest was chosen by the data."""
    given = _table("argument", "value", {name: _setting(v) for name, v in params.items() if v is not None})
    rest = ", ".join(name for name, value in params.items() if value is None)
    return "\n\n".join(part for part in (given, rest and f"Left to their defaults: {rest}.") if part)


def _setting(value: Any) -> str:
    if isinstance(value, dict) and "name" in value:
        return f"{value['name']}({', '.join(f'{k}={v}' for k, v in value.items() if k != 'name')})"
    return f"code of one's own ({value['code']})" if isinstance(value, dict) else str(value)


def _table(name: str, what: str, values: dict[str, Any]) -> str:
    if not values:
        return ""
    rows = [f"| {key} | {str(value).replace('|', '/')} |" for key, value in values.items()]
    return "\n".join([f"| {name} | {what} |", "|---|---|", *rows])
