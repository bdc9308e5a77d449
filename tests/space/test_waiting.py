"""What one sees while something takes long."""

import time

import pytest

from hiddenspace.space import waiting as module
from hiddenspace.space.waiting import waiting


@pytest.mark.parametrize(("terminal", "patience", "seen"), [("1", 0.02, True), ("1", 60, False), ("", 0.02, False)])
def test_a_word_appears_on_a_terminal_once_it_takes_long(terminal, patience, seen, monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", terminal)  # to rich a terminal
    monkeypatch.setattr(module, "PATIENCE", patience)
    with waiting("laying out"):
        time.sleep(0.3)
    shown = capsys.readouterr()
    assert ("laying out" in shown.err) == seen
    assert not shown.out


def test_within_another_nothing_more_is_said(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr(module, "PATIENCE", 0.02)
    with waiting("laying out"), waiting("inside"):
        time.sleep(0.2)
    assert "inside" not in capsys.readouterr().err
    with waiting("afterwards"):
        time.sleep(0.2)
    assert "afterwards" in capsys.readouterr().err
