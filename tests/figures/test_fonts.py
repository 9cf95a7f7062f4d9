import warnings

import pytest
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font

from figures import fonts
from figures.saving import save_figure


@pytest.fixture(autouse=True)
def nothing_said_before():
    for cached in (fonts._families_for, fonts._say):
        cached.cache_clear()


def titled(title: str) -> Figure:
    figure = Figure((2, 2))
    figure.suptitle(title)
    return figure


def test_a_font_that_has_the_letters_is_found():
    stix = set(get_font(findfont("STIXGeneral")).get_charmap())
    alone = stix - set(get_font(findfont("DejaVu Sans")).get_charmap())
    (family, *_), lost = fonts._families_for(frozenset(chr(min(n for n in alone if n > 255))))
    assert family != "DejaVu Sans"
    assert not lost


def test_letters_that_no_font_has_are_said_once_and_without_warnings(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(fonts, "_installed", lambda: iter(()))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in ("a.png", "b.png"):
            save_figure(titled("a dog: 狗"), tmp_path / name)
    said = capsys.readouterr().err
    assert said.count("no font here has the letters 狗") == said.count("\n") == 1


def test_letters_that_every_font_has_change_nothing(tmp_path, capsys):
    figure = titled("père, Ωμέγα")
    save_figure(figure, tmp_path / "a.png")
    assert figure.get_suptitle() == "père, Ωμέγα"
    assert capsys.readouterr().err == ""
