"""The public names: they import, they are documented, and nothing heavy is imported before it is asked for."""

import ast
import inspect
import json
import subprocess
import sys
from pathlib import Path

import docstring_parser
import pytest

import hiddenspace as hs
from hiddenspace.errors import ModelError
from hiddenspace.names import MODELS, MODULES, SAVED_VALUES, find, find_model

HEAVY = ["torch", "torchvision", "matplotlib", "datasets", "sklearn", "pandas", "lightning_fabric", "huggingface_hub"]


def modules_after(code: str) -> set[str]:
    """What is imported once this code has run in a fresh interpreter."""
    script = f"{code}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_import_is_light():
    assert not modules_after("import hiddenspace") & set(HEAVY)


def test_estimators_import_neither_matplotlib_nor_datasets_nor_torchvision():
    everything = "import hiddenspace as hs\nfor name in hs.__all__: getattr(hs, name)"
    assert not modules_after(everything) & {"torchvision", "matplotlib", "datasets", "huggingface_hub"}


@pytest.mark.parametrize("name", sorted(MODULES))
def test_name_imports_and_lives_where_it_says(name):
    thing = getattr(hs, name)
    assert thing is find(name)
    assert thing.__module__ == MODULES[name]
    assert thing.__name__ == name


def test_what_type_checkers_see_is_what_there_is():
    tree = ast.parse(Path(hs.__file__).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.asname: node.module for node in block.body for alias in node.names}
    assert seen == MODULES


def test_all_dir_and_unknown_names():
    assert set(hs.__all__) == set(MODULES) <= set(dir(hs))
    with pytest.raises(AttributeError, match="no 'Nothing'"):
        _ = hs.Nothing


def test_no_module_hides_a_public_name():
    assert not set(MODULES) & {path.stem for path in Path(hs.__file__).parent.iterdir()}


def test_models_and_saved_values_are_public():
    assert set(MODELS.values()) | set(SAVED_VALUES) <= set(MODULES)


@pytest.mark.parametrize("name", ["os.system", "Trainer", "load", "hiddenspace.autoencoders.pca.PCA", "__import__"])
def test_only_estimators_are_found_as_models(name):
    with pytest.raises(ModelError, match="does not have"):
        find_model(name)


# documentation ----------------------------------------------------------------------------------------------------


def documented(thing) -> list[str]:
    """The parameters that a numpy docstring describes; a dataclass may call them attributes."""
    parsed = docstring_parser.parse(inspect.cleandoc(thing.__doc__ or ""), docstring_parser.DocstringStyle.NUMPYDOC)
    kinds = ("param", "attribute") if hasattr(thing, "__dataclass_fields__") else ("param",)
    entries = [entry for entry in parsed.params if entry.args[0] in kinds]
    assert all(entry.description for entry in entries if entry.arg_name not in ("y",)), thing
    return [name.strip(" *") for entry in entries for name in entry.arg_name.split(",")]


def parameters(thing) -> list[str]:
    return [name for name in inspect.signature(thing).parameters if name != "self"]


@pytest.mark.parametrize("name", sorted(MODULES))
def test_exactly_the_parameters_of_the_signature_are_documented(name):
    thing = find(name)
    assert inspect.getdoc(thing)
    takes_none = name in ("Game", "Observer")  # torch's and Python's own signatures
    assert sorted(documented(thing)) == sorted([] if takes_none else parameters(thing))


@pytest.mark.parametrize("name", sorted(name for name in MODULES if inspect.isclass(find(name))))
def test_every_public_method_is_documented(name):
    ours = (
        (attribute, value)
        for base in find(name).__mro__
        if base.__module__.startswith("hiddenspace")
        for attribute, value in vars(base).items()
        if not attribute.startswith("_") and (callable(value) or isinstance(value, property | classmethod))
    )
    assert not [attribute for attribute, value in ours if not inspect.getdoc(value)]


@pytest.mark.parametrize("name", ["SparseAutoencoder", "RedundantAutoencoder", "DenoisingAutoencoder"])
def test_a_subclass_has_the_docs_of_its_base_and_its_own_defaults(name):
    thing, base = find(name), hs.Autoencoder
    assert parameters(thing) == parameters(base)
    assert thing.__doc__ != base.__doc__
    changed = {
        parameter
        for parameter, mine in inspect.signature(thing).parameters.items()
        if mine.default != inspect.signature(base).parameters[parameter].default
    }
    assert len(changed) == 1
    assert thing().get_params() != base().get_params()
    assert {name for name, value in thing().get_params().items() if value != base().get_params()[name]} == changed
