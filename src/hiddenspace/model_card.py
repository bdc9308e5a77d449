"""The README.md of a saved model."""

from __future__ import annotations

import re
from typing import Any

TEMPLATE = """---
library_name: hiddenspace
pipeline_tag: {task}
tags:
- hiddenspace
- {kind}
{tag}---

# {title}

{sentence}

```python
import hiddenspace as hs

model = hs.load({address!r})
{use}```

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
        task=_task(model, data["kind"]),
        tag="- autoencoder\n" if "decoder" in model.network_names and not hasattr(model, "stylize") else "",
        kind=data["kind"],
        title=words[0].upper() + words[1:] + (f" for {name}" if name != "array" else ""),
        name=name,
        sentence=f"{_article(words)} {words} that {_deed(model, things)}.",
        use=_use(model),
        address=address,
        items=data["items"],
        things=things,
        figures=_table("figure", "value", _figures(model, data)) or "None were measured.",
        settings=_settings(config["params"]),
        versions=_table("package", "version", config["versions"]),
    )


def _task(model: Any, kind: str) -> str:
    """What the Hub calls it."""
    if hasattr(model, "stylize"):
        return "image-to-image"
    if hasattr(model, "generate") or _draws(model):
        return "other"
    if not hasattr(model, "predict"):
        return "feature-extraction"
    what = "classification" if hasattr(model, "classes_") else "regression"
    return "image-classification" if (kind, what) == ("images", "classification") else f"tabular-{what}"


def _deed(model: Any, things: str) -> str:
    if hasattr(model, "classes_"):
        return f"tells {len(model.classes_)} classes of {things}"
    if hasattr(model, "predict"):
        return f"names numbers for {things}"
    if hasattr(model, "stylize"):
        return f"paints pictures anew, and learned to on {things}"
    if hasattr(model, "generate"):
        return f"draws {things} from attributes"
    if _draws(model):
        return f"draws {things} from {model.latent} numbers of noise"
    return f"encodes {things} into {model.code_size_} numbers" + " and back" * hasattr(model, "inverse_transform")


def _use(model: Any) -> str:
    if hasattr(model, "classes_"):
        chances = f"chances = model.predict_proba(X)    # (n, {len(model.classes_)})\n"
        return f"labels = model.predict(X)           # (n,)\n{chances}"
    if hasattr(model, "predict"):
        return "numbers = model.predict(X)\n"
    if hasattr(model, "stylize"):
        style = ', "style.jpg"' if "decoder" in model.network_names else ""
        return f'picture = model.stylize("content.jpg"{style})   # (h, w, 3)\n'
    if hasattr(model, "generate"):
        return (
            "images = model.generate(attributes)  # "
            + ", ".join(c.name for c in model.attribute_format_.columns)
            + "\n"
        )
    if _draws(model):
        return "new = model.sample(64)\n"
    codes = f"codes = model.transform(X)          # (n, {model.code_size_})\n"
    return codes + "again = model.inverse_transform(codes)\n" * hasattr(model, "inverse_transform")


def _figures(model: Any, data: dict[str, Any]) -> dict[str, str]:
    """What a run measured on held-out items, and the losses of the epoch that was kept."""
    what = {"scores": "explained variance of", "probe": "accuracy of a linear classifier on codes of"}
    figures = {
        f"{words} {name}, held-out items": f"{value:.4f}"
        for key, words in what.items()
        for name, value in data.get(key, {}).items()
    }
    if hasattr(model, "explained_variance_ratio_"):
        figures["explained variance, training items"] = f"{model.explained_variance_ratio_.sum():.4f}"
    best = getattr(model, "best_epoch_", None)
    for row in model.history_:
        if row["epoch"] == best:
            figures["epoch kept"] = f"{best} of {len(model.history_)}"
            for key, value in row.items():
                part, _, term = key.partition("/")
                if term:
                    figures[_named(model, part, term)] = f"{value:.6g}"
    return figures


def _named(model: Any, part: str, term: str) -> str:
    """A figure of a row of the history in words, and of which items it is."""
    words = _TERMS.get(term.rpartition(".")[2], term)
    if part != "monitor" or not _draws(model):
        return f"{words}, {_PARTS[part]}"
    return f"{words}{f' over {model.judged_by_}' * (term == 'frechet')}, new items beside training items"


def _draws(model: Any) -> bool:
    """Whether it is a generator that learned against a discriminator."""
    return hasattr(model, "draws")


_PARTS = {"train": "training items", "validation": "validation items", "monitor": "validation items"}
_TERMS = {
    "reconstruction": "mean squared error in model space",
    "mse": "mean squared error in model space",
    "likelihood": "negative log-likelihood per value",
    "kl": "divergence of the codes from N(0, 1) per value",
    "sparsity": "sparsity penalty",
    "classification": "cross entropy of the labels",
    "consistency": "cross entropy of confident answers on unlabelled items",
    "regression": "mean squared error of standardised targets",
    "contrast": "cross entropy of telling pairs of views",
    "perceptual": "relative squared error of features",
    "pixels": "error of pixels",
    "masked": "mean squared error of what was hidden",
    "frechet": "Frechet distance",
    "tell": "loss of the discriminator",
    "fool": "loss of who fools the discriminator",
    "slopes": "penalty on the slopes of the discriminator",
    "right": "how often the discriminator knows the real one of a pair",
    "domain": "loss of the discriminator of the domains",
    "coral": "distance of the covariances of the domains",
    "entropy": "entropy of answers on the target",
    "marginal": "minus the entropy of the mean answer on the target",
    "pseudo": "cross entropy of the labels that centroids give",
    "source": "accuracy on held-out source items",
    "information": "mutual information of target items and answers",
    "density": "soft neighbourhood density of answers on the target",
    "knn": "accuracy of the five nearest neighbours (labels were used for nothing else)",
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
    if isinstance(value, dict) and value.keys() <= {"mapping", "sequence"}:
        return str(next(iter(value.values())))
    return f"code of one's own ({value['code']})" if isinstance(value, dict) else str(value)


def _table(name: str, what: str, values: dict[str, Any]) -> str:
    if not values:
        return ""
    rows = [f"| {key} | {str(value).replace('|', '/')} |" for key, value in values.items()]
    return "\n".join([f"| {name} | {what} |", "|---|---|", *rows])
