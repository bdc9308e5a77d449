"""Where a space is kept, and what goes wrong there, in a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hiddenspace.errors import DataError, HiddenspaceError, UsageError

STORE = "space.lance"
"""The folder of codes, ids, thumbnails and metadata in a run."""
_LANCE = ".lance"


@dataclass(frozen=True)
class Place:
    """A Lance table: the database it lies in, and its name there.

    Attributes
    ----------
    database : str
        A folder or a URI.
    name : str
        Without the ending .lance, which its folder has.
    """

    database: str
    name: str

    @classmethod
    def of(cls, uri: str) -> Place:
        """`x/space.lance` is the table itself; in any other place it is the folder space.lance.

        Raises
        ------
        UsageError
            If no table can be called so.
        """
        whole = uri.rstrip("/") if "://" in uri else str(Path(uri).absolute())
        whole = whole if whole.endswith(_LANCE) else f"{whole}/{STORE}"
        database, _, name = whole.rpartition("/")
        name = name.removesuffix(_LANCE)
        if not re.fullmatch(r"[A-Za-z0-9_.-]+", name):
            raise UsageError(
                f"a space cannot be called {name + _LANCE!r}; use letters, digits, hyphens and underscores."
            )
        return cls(database, name)

    def __str__(self) -> str:
        return f"{self.database}/{self.name}{_LANCE}"

    @property
    def missing(self) -> bool:
        """Whether there is surely nothing; of object storage this is not asked."""
        return "://" not in self.database and not Path(str(self)).is_dir()

    def none_here(self) -> DataError:
        """The error of opening what is not there."""
        if (Path(self.database) / "run.json").exists():
            return DataError(f"there is no space in {self}; store it with `hiddenspace report {self.database}`.")
        return DataError(
            f"there is no space in {self}; store one with HiddenSpace(model, data).save(...), or name the items that "
            "the model shall encode."
        )


@contextmanager
def trouble(what: str, mend: str) -> Iterator[None]:
    """Errors of LanceDB and of the operating system as one sentence: what, the cause, and the mend."""
    try:
        yield
    except HiddenspaceError as error:
        raise type(error)(f"{what} ({str(error).rstrip('.')}); {mend}.") from error
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{what} ({short(error)}); {mend}.") from error


def short(error: Exception) -> str:
    """What an error of LanceDB says, without the places in its source and the query that it wrapped."""
    text = re.split(r",? ?/\S+\.rs:\d+", " ".join(str(error).split()))[0]
    text = re.sub(r"\.? Valid fields are .*", "", text)
    text = re.sub(r"Error parsing statement: .*?\((sql parser error: .*)\)$", r"\1", text)
    text = re.sub(r"Error resolving filter expression .*?: (?=Invalid user input|\w+ error)", "", text)
    text = re.sub(r"^(Invalid input|lance error|External error|Invalid user input|Schema error)[,:] ", "", text)
    text = re.sub(r"^(Invalid user input|sql parser error|Schema error): ", "", text)
    text = re.sub(r"^LanceError\(\w+\): ", "", text)
    return text[:300].rstrip(" .,:")
