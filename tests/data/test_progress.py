import io

from rich.console import Console

from hiddenspace.data import progress


def run(monkeypatch, *, terminal: bool, patience: float) -> str:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=terminal, width=80)
    monkeypatch.setattr(progress, "Console", lambda stderr: console)
    monkeypatch.setattr(progress, "PATIENCE", patience)
    assert list(progress.track(iter("abc"), 3, "reading")) == ["a", "b", "c"]
    return screen.getvalue()


def test_a_bar_appears_where_it_takes_long_on_a_terminal(monkeypatch):
    assert "reading" in run(monkeypatch, terminal=True, patience=-1)


def test_no_bar_elsewhere(monkeypatch):
    assert run(monkeypatch, terminal=False, patience=-1) == ""
    assert "reading" not in run(monkeypatch, terminal=True, patience=60)
