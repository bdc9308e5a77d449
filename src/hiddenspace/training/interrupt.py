"""Ctrl-C during a training: the round is finished and saved, then the person gets the prompt back."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn


class Interruption:
    """Inside the `with`, the first Ctrl-C only sets `wanted`; a second one interrupts at once, as usual.

    Outside the main thread, and where Ctrl-C is ignored (as after `nohup`), it does nothing.
    """

    def __init__(self) -> None:
        self.wanted = False
        self._before: Any = None

    def __enter__(self) -> Interruption:
        in_main_thread = threading.current_thread() is threading.main_thread()
        if in_main_thread and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        if self.wanted:
            raise KeyboardInterrupt("training interrupted at once; go on from the last checkpoint, if there is one")
        self.wanted = True

    @staticmethod
    def leave(folder: Path | None) -> NoReturn:
        """Ends the training, saying how to go on where something was saved."""
        if folder is None:
            raise KeyboardInterrupt("training interrupted; nothing was saved, since no folder was given")
        raise KeyboardInterrupt(
            f"training interrupted and saved; go on with the same fit and Trainer(folder={str(folder)!r}, resume=True)"
        )
