"""The German catalogue is found by JupyterLab's server, through the entry point that the wheel declares."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

translation = pytest.importorskip("jupyterlab_server.translation_utils")

PYPROJECT = Path(__file__).resolve().parents[3] / "pyproject.toml"
GROUP = "jupyterlab.locale"


def declared() -> EntryPoint:
    """The entry point as pyproject.toml has it: the checkout may have been installed before it was there."""
    text = PYPROJECT.read_text()
    section = text.partition(f'[project.entry-points."{GROUP}"]')[2].partition("[")[0]
    name, _, value = section.strip().partition(" = ")
    return EntryPoint(name=name, value=value.strip('"'), group=GROUP)


def test_the_server_hands_the_german_catalogue_to_the_page(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pack = EntryPoint(name="de_DE", value="argon", group="jupyterlab.languagepack")
    monkeypatch.setattr(
        translation,
        "entry_points",
        lambda group: {GROUP: [declared()], "jupyterlab.languagepack": [pack]}.get(group, []),
    )
    # The pack of JupyterLab itself: here one that is empty.
    monkeypatch.setattr(
        translation, "_get_installed_language_pack_locales", lambda: ({"de_DE": str(tmp_path)}, "")
    )
    data, message = translation.get_language_pack("de_DE")
    assert message == ""
    catalogue = data["jupyterlab_argon"]
    assert catalogue[""]["language"] == "de-DE"
    assert catalogue["%2 change"] == ["%2 Änderung", "%2 Änderungen"]
