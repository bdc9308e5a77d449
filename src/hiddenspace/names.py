"""Public names and the modules they live in. `hs.load` finds classes here and nowhere else: no file can name a path."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from hiddenspace.errors import ModelError, UsageError

MODULES = {
    "ADDA": "hiddenspace.adaptation.adda",
    "AdversarialAdapter": "hiddenspace.adaptation.adversarial_adapter",
    "AdversarialAutoencoder": "hiddenspace.autoencoders.adversarial",
    "ArbitraryStyle": "hiddenspace.style.arbitrary_style",
    "AttributeGenerator": "hiddenspace.generation.attribute_generator",
    "Autoencoder": "hiddenspace.autoencoders.autoencoder",
    "Blur": "hiddenspace.data.corruption",
    "CDAN": "hiddenspace.adaptation.cdan",
    "Classifier": "hiddenspace.autoencoders.classifier",
    "Codes": "hiddenspace.space.meanings",
    "ConditionalGAN": "hiddenspace.generation.conditional_gan",
    "ContrastiveEncoder": "hiddenspace.autoencoders.contrastive",
    "DANN": "hiddenspace.adaptation.dann",
    "Dataset": "hiddenspace.data.dataset",
    "DeepCORAL": "hiddenspace.adaptation.deep_coral",
    "DenoisingAutoencoder": "hiddenspace.autoencoders.denoising",
    "Differentiable": "hiddenspace.generation.differentiable",
    "Dropout": "hiddenspace.data.corruption",
    "FastStyle": "hiddenspace.style.fast_style",
    "Game": "hiddenspace.training.game",
    "GAN": "hiddenspace.generation.gan",
    "GaussianNoise": "hiddenspace.data.corruption",
    "HiddenSpace": "hiddenspace.space.hidden_space",
    "ImageAugmentation": "hiddenspace.data.augment",
    "MaskedAutoencoder": "hiddenspace.autoencoders.masked",
    "MaskingNoise": "hiddenspace.data.corruption",
    "Observer": "hiddenspace.training.events",
    "Occlusion": "hiddenspace.data.corruption",
    "PCA": "hiddenspace.autoencoders.pca",
    "Player": "hiddenspace.training.game",
    "RandomAffine": "hiddenspace.data.affine",
    "RedundantAutoencoder": "hiddenspace.autoencoders.redundant",
    "Regressor": "hiddenspace.autoencoders.regressor",
    "Restyling": "hiddenspace.data.restyling",
    "RowAugmentation": "hiddenspace.data.augment",
    "SHOT": "hiddenspace.adaptation.shot",
    "SaltAndPepper": "hiddenspace.data.corruption",
    "SourceOnly": "hiddenspace.adaptation.source_only",
    "SparseAutoencoder": "hiddenspace.autoencoders.sparse",
    "StyleTransfer": "hiddenspace.style.style_transfer",
    "Trainer": "hiddenspace.training.trainer",
    "VariationalAutoencoder": "hiddenspace.autoencoders.variational",
    "compare": "hiddenspace.space.comparing",
    "compare_adaptation": "hiddenspace.adaptation.comparing",
    "feature_net": "hiddenspace.nets.feature_nets",
    "judge_style": "hiddenspace.style.judging",
    "load": "hiddenspace.estimator",
    "load_dataset": "hiddenspace.data.load",
    "play": "hiddenspace.training.play",
    "texture": "hiddenspace.style.style_transfer",
}

NAMESPACES: dict[str, dict[str, str]] = {
    "data": {
        "AttributeFormat": "hiddenspace.data.attributes",
        "Chairs": "hiddenspace.data.rendered_chairs",
        "blended": "hiddenspace.data.blending",
        "chairs": "hiddenspace.data.rendered_chairs",
        "coloured": "hiddenspace.data.domain_shifts",
        "font_digits": "hiddenspace.data.rendered_digits",
        "house_numbers": "hiddenspace.data.rendered_numbers",
        "inverted": "hiddenspace.data.domain_shifts",
        "noisy": "hiddenspace.data.domain_shifts",
        "render_chairs": "hiddenspace.data.rendered_chairs",
        "rotated": "hiddenspace.data.domain_shifts",
        "shifted": "hiddenspace.data.domain_shifts",
    },
    "losses": {
        "AdversarialLoss": "hiddenspace.losses.adversarial",
        "adversarial_loss": "hiddenspace.losses.adversarial",
        "coral_loss": "hiddenspace.losses.domains",
        "Texture": "hiddenspace.losses.textures",
        "domain_loss": "hiddenspace.losses.domains",
        "entropies": "hiddenspace.losses.domains",
        "entropy_weights": "hiddenspace.losses.domains",
        "gradient_reversal": "hiddenspace.losses.domains",
        "gram_distance": "hiddenspace.losses.textures",
        "information_loss": "hiddenspace.losses.domains",
        "layer_outputs": "hiddenspace.nets.tapping",
        "multilinear_map": "hiddenspace.losses.domains",
        "perceptual_distances": "hiddenspace.losses.perceptual",
        "perceptual_loss": "hiddenspace.losses.perceptual",
        "reversal_strength": "hiddenspace.losses.domains",
        "one_centred_penalty": "hiddenspace.losses.penalties",
        "texture_of": "hiddenspace.losses.textures",
        "total_variation": "hiddenspace.losses.textures",
        "wasserstein_distance": "hiddenspace.losses.textures",
        "zero_centred_penalty": "hiddenspace.losses.penalties",
    },
    "metrics": {
        "Moments": "hiddenspace.metrics.moments",
        "copied_share": "hiddenspace.metrics.copies",
        "density_coverage": "hiddenspace.metrics.manifolds",
        "frechet_distance": "hiddenspace.metrics.frechet",
        "kernel_distance": "hiddenspace.metrics.kernels",
        "measure": "hiddenspace.metrics.summary",
        "moments_of": "hiddenspace.metrics.kept_moments",
        "mutual_information": "hiddenspace.metrics.domains",
        "nearest": "hiddenspace.metrics.copies",
        "pairwise_diversity": "hiddenspace.metrics.diversity",
        "precision_recall": "hiddenspace.metrics.manifolds",
        "proxy_a_distance": "hiddenspace.metrics.domains",
        "soft_neighbourhood_density": "hiddenspace.metrics.domains",
    },
}
"""Public names of these packages (hs.data, hs.losses, hs.metrics) and their modules, read as lazily."""

MODELS = {
    "pca": "PCA",
    "autoencoder": "Autoencoder",
    "sparse": "SparseAutoencoder",
    "redundant": "RedundantAutoencoder",
    "denoising": "DenoisingAutoencoder",
    "variational": "VariationalAutoencoder",
    "adversarial": "AdversarialAutoencoder",
    "masked": "MaskedAutoencoder",
    "contrastive": "ContrastiveEncoder",
}
"""What the command line calls the estimators."""

SUPERVISED = {"classifier": "Classifier", "regressor": "Regressor"}
"""Those that learn from labels."""

ADVERSARIAL = {"gan": "GAN", "conditional-gan": "ConditionalGAN"}
"""Those that learn to make items against a discriminator."""

ADAPTERS = {
    "source": "SourceOnly",
    "adversarial": "AdversarialAdapter",
    "dann": "DANN",
    "adda": "ADDA",
    "cdan": "CDAN",
    "coral": "DeepCORAL",
    "shot": "SHOT",
}
"""Those that carry labels over to another domain."""

GENERATORS = {**ADVERSARIAL, "attribute-generator": "AttributeGenerator"}
"""All that make items; the last draws what attributes say."""

STYLES = {"arbitrary-style": "ArbitraryStyle", "fast-style": "FastStyle"}
"""Those that learn to paint pictures anew."""

SAVED_VALUES = (
    "Blur",
    "Differentiable",
    "Dropout",
    "GaussianNoise",
    "ImageAugmentation",
    "MaskingNoise",
    "Occlusion",
    "RandomAffine",
    "Restyling",
    "RowAugmentation",
    "SaltAndPepper",
)
"""Arguments that are objects of ours, and come back from a saved model by name."""


def find(name: str) -> Any:
    """The public thing of this name.

    Raises
    ------
    AttributeError
        If there is none.
    """
    if name in NAMESPACES:
        return import_module(f"hiddenspace.{name}")
    if name not in MODULES:
        raise AttributeError(f"hiddenspace has no {name!r}")
    return getattr(import_module(MODULES[name]), name)


def find_in(namespace: str, name: str) -> Any:
    """The public thing of this name in one of the namespaces.

    Raises
    ------
    AttributeError
        If there is none.
    """
    if name not in NAMESPACES[namespace]:
        raise AttributeError(f"hiddenspace.{namespace} has no {name!r}")
    return getattr(import_module(NAMESPACES[namespace][name]), name)


def find_by_word(word: str) -> Any:
    """The estimator class that a word of the command line means.

    Raises
    ------
    UsageError
        If there is none.
    """
    known = MODELS | ADVERSARIAL
    if word not in known:
        raise UsageError(f"--model {word} is unknown; use one of {', '.join(known)}.")
    return find(known[word])


def find_model(name: str) -> Any:
    """The estimator class that a saved model names.

    Raises
    ------
    ModelError
        If the name is not that of an estimator of ours.
    """
    known = (MODELS, SUPERVISED, ADAPTERS, GENERATORS, STYLES)
    if not any(name in group.values() for group in known):
        raise ModelError(
            f"the saved model is of class {name!r}, which this version does not have; upgrade hiddenspace, or call "
            "from_pretrained of that class if it is your own."
        )
    return find(name)
