"""hiddenspace: everything you can do with data that has no labels."""

from typing import TYPE_CHECKING, Any

from hiddenspace.names import MODULES, find

__version__ = "0.1.0"
__all__ = sorted(MODULES)

if TYPE_CHECKING:
    from hiddenspace.adaptation.adda import ADDA as ADDA
    from hiddenspace.adaptation.adversarial_adapter import AdversarialAdapter as AdversarialAdapter
    from hiddenspace.adaptation.cdan import CDAN as CDAN
    from hiddenspace.adaptation.comparing import compare_adaptation as compare_adaptation
    from hiddenspace.adaptation.dann import DANN as DANN
    from hiddenspace.adaptation.deep_coral import DeepCORAL as DeepCORAL
    from hiddenspace.adaptation.shot import SHOT as SHOT
    from hiddenspace.adaptation.source_only import SourceOnly as SourceOnly
    from hiddenspace.autoencoders.adversarial import AdversarialAutoencoder as AdversarialAutoencoder
    from hiddenspace.autoencoders.autoencoder import Autoencoder as Autoencoder
    from hiddenspace.autoencoders.classifier import Classifier as Classifier
    from hiddenspace.autoencoders.contrastive import ContrastiveEncoder as ContrastiveEncoder
    from hiddenspace.autoencoders.denoising import DenoisingAutoencoder as DenoisingAutoencoder
    from hiddenspace.autoencoders.masked import MaskedAutoencoder as MaskedAutoencoder
    from hiddenspace.autoencoders.pca import PCA as PCA
    from hiddenspace.autoencoders.redundant import RedundantAutoencoder as RedundantAutoencoder
    from hiddenspace.autoencoders.regressor import Regressor as Regressor
    from hiddenspace.autoencoders.sparse import SparseAutoencoder as SparseAutoencoder
    from hiddenspace.autoencoders.variational import VariationalAutoencoder as VariationalAutoencoder
    from hiddenspace.data.affine import RandomAffine as RandomAffine
    from hiddenspace.data.augment import ImageAugmentation as ImageAugmentation
    from hiddenspace.data.augment import RowAugmentation as RowAugmentation
    from hiddenspace.data.corruption import Blur as Blur
    from hiddenspace.data.corruption import Dropout as Dropout
    from hiddenspace.data.corruption import GaussianNoise as GaussianNoise
    from hiddenspace.data.corruption import MaskingNoise as MaskingNoise
    from hiddenspace.data.corruption import Occlusion as Occlusion
    from hiddenspace.data.corruption import SaltAndPepper as SaltAndPepper
    from hiddenspace.data.dataset import Dataset as Dataset
    from hiddenspace.data.load import load_dataset as load_dataset
    from hiddenspace.data.restyling import Restyling as Restyling
    from hiddenspace.estimator import load as load
    from hiddenspace.generation.attribute_generator import AttributeGenerator as AttributeGenerator
    from hiddenspace.generation.conditional_gan import ConditionalGAN as ConditionalGAN
    from hiddenspace.generation.differentiable import Differentiable as Differentiable
    from hiddenspace.generation.gan import GAN as GAN
    from hiddenspace.nets.feature_nets import feature_net as feature_net
    from hiddenspace.space.comparing import compare as compare
    from hiddenspace.space.hidden_space import HiddenSpace as HiddenSpace
    from hiddenspace.space.meanings import Codes as Codes
    from hiddenspace.style.arbitrary_style import ArbitraryStyle as ArbitraryStyle
    from hiddenspace.style.fast_style import FastStyle as FastStyle
    from hiddenspace.style.judging import judge_style as judge_style
    from hiddenspace.style.style_transfer import StyleTransfer as StyleTransfer
    from hiddenspace.style.style_transfer import texture as texture
    from hiddenspace.training.events import Observer as Observer
    from hiddenspace.training.game import Game as Game
    from hiddenspace.training.game import Player as Player
    from hiddenspace.training.play import play as play
    from hiddenspace.training.trainer import Trainer as Trainer


def __getattr__(name: str) -> Any:
    """Public names are imported when they are first asked for, so that `import hiddenspace` is quick."""
    return find(name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
