"""What a run hands to its report."""

from __future__ import annotations

import platform
from dataclasses import asdict, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from hiddenspace.autoencoders.masked import MaskedAutoencoder
from hiddenspace.autoencoders.pca import PCA
from hiddenspace.data.dataset import Dataset
from hiddenspace.models.coder import Coder
from hiddenspace.models.encoding import Encoding
from hiddenspace.models.trained import Trained
from hiddenspace.report.summary import Items, ModelRow, RunSummary, Worst
from hiddenspace.runs.measuring import Measured, column_errors, pca_curve, pictures_of, unit_responses
from hiddenspace.runs.settings import RunSettings
from hiddenspace.runs.showing import as_shown, displayed
from hiddenspace.runs.space_summary import space_summary
from hiddenspace.space.hidden_space import HiddenSpace

if TYPE_CHECKING:
    from hiddenspace.runs.run import Split

SHOWN = {"images": 24, "vectors": 24, "table": 600}
"""Items given to the page; of a table's rows it makes scatters."""
WORST = 12
FILTERS = 32


def of_the_data(split: Split) -> dict[str, Any]:
    """What every report says of the data, as fields of `RunSummary`."""
    training = split.training
    return {
        "source": training.name,
        "kind": training.kind,
        "data": [line for line in training.describe().splitlines() if line and not line.startswith("note: ")],
        "notes": list(training.notes),
        "broken": [(item.name, item.reason) for item in training.broken],
    }


def summary(
    settings: RunSettings,
    split: Split,
    wide: PCA,
    models: dict[str, Encoding],
    measured: list[Measured],
    results: dict[str, Any],
    space: HiddenSpace | None,
) -> RunSummary:
    """Everything that the page shows, as plain data."""
    last_name, last = list(models.items())[-1]
    shared = RunSummary(
        title=f"{last_name} on {split.training.name}",
        **of_the_data(split),
        models=[
            ModelRow(
                m.name,
                m.code,
                m.explained_variance,
                m.mse,
                m.seconds,
                m.parameters,
                winner=len(measured) > 1 and m.name == results["winner"],
                probe=m.probe,
                neighbours=m.neighbours,
            )
            for m in measured
        ],
        verdict=[results["verdict"]],
        next_steps=results["next_steps"],
        counted=split.counted,
        history=last.history_,
        best_epoch=getattr(last, "best_epoch_", None),
        columns=list(getattr(last.format_, "feature_names", [])),
        space=None if space is None else space_summary(space, split, models, settings.seed),
        settings=settings_shown(settings, last),
    )
    coders = {name: model for name, model in models.items() if isinstance(model, Coder)}
    if isinstance(last, MaskedAutoencoder):
        return replace(shared, **_completed(last, split.held_out))
    return replace(shared, **_rebuilt(coders, wide, split, measured)) if last_name in coders else shared


def _rebuilt(models: dict[str, Coder], wide: PCA, split: Split, measured: list[Measured]) -> dict[str, Any]:
    """What there is to show of models that decode."""
    last_name, last = list(models.items())[-1]
    some = _some(split.held_out)
    return {
        "originals": as_shown(last, some),
        "reconstructions": {name: _reconstructions(model, some) for name, model in models.items()},
        "ids": list(some.ids or ()),
        "worst": _worst(models, last_name, split.held_out),
        "baseline_error": measured[0].mse if _comparable(last) else None,
        "pca_curve": pca_curve(wide, split.held_out),
        "filters": _filters(models, split),
        "column_errors": {n: e for n, m in models.items() if (e := column_errors(m, split.held_out))},
    }


def _completed(model: MaskedAutoencoder, held_out: Dataset) -> dict[str, Any]:
    """Images with what was hidden of them filled in."""
    if held_out.kind != "images":
        return {}
    some = _some(held_out)
    originals, *others = (np.clip(displayed(x), 0, 1) for x in model.completed(some))
    return {
        "originals": originals,
        "reconstructions": dict(zip(("what was seen", "filled in"), others, strict=True)),
        "ids": list(some.ids or ()),
        "hidden": model.mask_share(),
    }


def _some(held_out: Dataset) -> Dataset:
    return held_out.take(np.arange(min(SHOWN[held_out.kind], len(held_out))))


def _reconstructions(model: Coder, items: Dataset) -> Items:
    if items.kind == "images":
        return pictures_of(model, items)[1]
    rebuilt: Any = model.reconstruct(items)
    return rebuilt.to_dict("list") if items.kind == "table" else rebuilt  # type: ignore[no-any-return]


def _worst(models: dict[str, Coder], name: str, held_out: Dataset) -> Worst:
    errors = models[name].reconstruction_errors(held_out)
    order = np.argsort(-errors, kind="stable")[:WORST]
    items = held_out.take(order)
    return Worst(
        originals=as_shown(models[name], items),
        reconstructions={n: _reconstructions(m, items) for n, m in models.items()},
        ids=list(items.ids or ()),
        errors=[float(e) for e in errors[order]],
        model=name,
    )


def _comparable(model: Coder) -> bool:
    """Whether its validation error is that of clean items from clean codes, as PCA's is."""
    noisy = any(getattr(model, name, None) is not None for name in ("corruption", "code_noise"))
    return not noisy and bool(model.history_) and "validation/reconstruction" in model.history_[-1]


def _filters(models: dict[str, Coder], split: Split) -> dict[str, np.ndarray]:
    some = split.training.take(np.arange(min(1000, len(split.training))))
    return {name: unit_responses(model, some, FILTERS) for name, model in models.items()}


def settings_shown(settings: RunSettings, model: Encoding) -> dict[str, dict[str, object]]:
    """By group: the model's, the run's, and versions."""
    versions = {name: version(name) for name in ("hiddenspace", "torch", "numpy", "scikit-learn")}
    used = asdict(model.recipe_) if isinstance(model, Trained) else {}  # with defaults filled in
    named = {**model.get_params(deep=False), **used}
    shown = {k: v for k, v in named.items() if v is not None and k not in ("code", "trainer", "random_state")}
    trainer = {name: value for name, value in settings.trainer.items() if name not in used}
    how = {"seed": settings.seed, "held out": settings.held_out, **trainer}
    return {
        "Model": {
            "class": type(model).__name__,
            "code": model.code_size_,
            **shown,
        },
        "Run": how,
        "Versions": {**versions, "python": platform.python_version(), "machine": platform.machine()},
    }
