from pathlib import Path
from xml.etree import ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from faultcast.reports.pictures.canvas import STYLE, figure_of, mark, save, scale
from faultcast.reports.pictures.slim import slim
from tests.browser import browse


def test_places_are_told_to_a_tenth_of_a_point() -> None:
    assert slim('<path d="M 1.25 2.0 \nL 3.08 -4.96 \nz\n"/>') == '<path d="M1.2 2L3 -4.9z"/>'


def test_what_is_no_place_keeps_its_digits() -> None:
    rule = "opacity: 0.13; stroke-width: 1.25"
    text = slim(f'<svg><style></style><path d="M 1 2" style="{rule}"/></svg>')
    assert f".s0{{{rule}}}" in text
    assert "<text>p = 0.0123</text>" in slim("<svg><text>p = 0.0123</text></svg>")


def test_groups_that_say_nothing_are_left_out_and_others_are_closed() -> None:
    text = slim('<svg>\n<g id="a">\n<g clip-path="url(#b)">\n<g id="c">\n<use/>\n</g>\n</g>\n</g>\n</svg>')
    assert text.splitlines() == ["<svg>", '<g clip-path="url(#b)">', "<use/>", "</g>", "</svg>"]


@pytest.mark.slow
def test_a_browser_draws_the_same_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shots = []
    for name in ("slim", "whole"):
        if name == "whole":
            monkeypatch.setattr("faultcast.reports.pictures.canvas.slim", lambda svg: svg)
        with mpl.rc_context(STYLE):
            figure, (axes,) = figure_of(1, height=3.0)
            axes.fill_between(
                [0, 1, 2], [0.1, 0.2, 0.1], [0.3, 0.5, 0.2], alpha=0.3, hatch="////", label="band"
            )
            mark(axes, 1.0, "injected", "#D55E00", "--")
            scale(axes, "errors", "ratio")
            svg = save(figure, tmp_path / name)[1]
        ET.parse(svg)  # noqa: S314 - our own file
        browse(svg, "", tmp_path, f"--screenshot={tmp_path / name}-shot.png")
        shots.append(np.asarray(Image.open(tmp_path / f"{name}-shot.png").convert("RGB"), dtype=int))
    assert (tmp_path / "slim.svg").stat().st_size < 0.7 * (tmp_path / "whole.svg").stat().st_size
    differing = np.abs(shots[0] - shots[1]).max(axis=2) > 96
    assert shots[0].std() > 10
    assert differing.mean() < 0.002
