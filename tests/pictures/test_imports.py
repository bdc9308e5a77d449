import subprocess
import sys

import pytest

import hiddenspace.pictures
import hiddenspace.report


def test_the_packages_themselves_do_not_import_matplotlib():
    code = "import sys, hiddenspace.pictures, hiddenspace.report; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_drawing_leaves_pyplot_alone():
    drawing = "from hiddenspace import pictures; pictures.grid([[[0.5]]])"
    code = f"import sys; {drawing}; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("package", [hiddenspace.pictures, hiddenspace.report])
def test_every_public_name_is_there(package):
    assert all(getattr(package, name) is not None for name in package.__all__)
    assert "tile" in dir(hiddenspace.pictures)
    with pytest.raises(AttributeError, match="nothing"):
        package.nothing  # noqa: B018
