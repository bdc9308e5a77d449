"""The estimators of a run that adapts: the method, and the baseline that learns from the source alone."""

from __future__ import annotations

import inspect
import re
from itertools import pairwise
from typing import Any

from hiddenspace.adaptation.domain_adapter import Checkpoint, DomainAdapter
from hiddenspace.adaptation.source_only import SourceOnly
from hiddenspace.errors import UsageError
from hiddenspace.names import ADAPTERS, find
from hiddenspace.runs.settings import RunSettings
from hiddenspace.training.trainer import Trainer

SHARED = ("augmentation", "smoothing", "size", "scaling", "batch_size", "learning_rate", "validation_fraction")
"""Hyperparameters that the baseline has of the method, besides its epochs."""


def make_adapter(settings: RunSettings, trainer: Trainer) -> DomainAdapter:
    """The method's estimator, unfitted.

    Raises
    ------
    UsageError
        If there is no such method.
    """
    made: DomainAdapter = settings.estimator(adapter_class(settings.model), trainer)
    return made


def make_baseline(settings: RunSettings, trainer: Trainer) -> SourceOnly:
    """What learns from the source alone, for as many epochs, and by the hyperparameters that a person has set."""
    model = make_adapter(settings, trainer)
    method, usual = model.get_params(deep=False), inspect.signature(type(model)).parameters
    # what the method has another default for stays as it is, so that all methods have one baseline
    params = {name: method[name] for name in SHARED if name in method and method[name] != usual[name].default}
    # the other criteria look at the target, of which the baseline knows nothing
    checkpoint: Checkpoint = "source" if method["checkpoint"] == "source" else "last"
    epochs = method.get("source_epochs") or method["epochs"]
    return SourceOnly(**params, checkpoint=checkpoint, epochs=epochs, random_state=settings.seed, trainer=trainer)


def adapter_class(word: str) -> Any:
    """The estimator class that a word of the command line means.

    Raises
    ------
    UsageError
        If there is none.
    """
    if word not in ADAPTERS:
        raise UsageError(f"--method {word} is unknown; use one of {', '.join(ADAPTERS)}.")
    return find(ADAPTERS[word])


def is_baseline(settings: RunSettings) -> bool:
    """Whether nothing is asked for but the baseline."""
    return settings.model == "source" and settings.params.get("statistics") != "target"


def adapter_title(model: DomainAdapter) -> str:
    """What the model is called in tables: DeepCORAL becomes Deep CORAL."""
    if isinstance(model, SourceOnly):
        return "Source only" if model.statistics == "source" else "Target statistics"
    first, *others = re.findall("[A-Z]+(?![a-z])|[A-Z][a-z]+", type(model).__name__)
    return " ".join([first, *(word if word.isupper() else word.lower() for word in others)])


def seconds_of(model: DomainAdapter) -> float:
    """How long all its trainings took; those that begin with the source count their seconds anew."""
    counted = [row["seconds"] for row in model.history_]
    return sum(before for before, after in pairwise([*counted, 0.0]) if after < before)
