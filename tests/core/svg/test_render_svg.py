"""SVGs as pixels: strokes by our rasterizer, all else by resvg, and both agree on what both can draw."""

from __future__ import annotations

import sys

import pytest
import torch

from clipasso_core.errors import ClipassoError, ConfigError, DependencyError, ShapeError, SvgError
from clipasso_core.export import LineStyle, Page, SheetConfig, lay_out
from clipasso_core.export.page_svg import sheet_to_svg
from clipasso_core.rasterizer import render
from clipasso_core.strokes import Strokes
from clipasso_core.svg import to_svg
from clipasso_core.svg.render_svg import holds_only_strokes, render_svg, render_svgs

ROUND = 'fill="none" stroke="black" stroke-linecap="round" stroke-linejoin="round" stroke-width="3"'
LINE = '<path d="M 5 5 C 10 30 25 0 35 20"/>'
RECT = '<rect x="10" width="10" height="20" fill="#ff0000" fill-opacity="0.5"/>'


def page(inside: str, size: str = 'width="40" height="20"') -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{inside}</svg>'


def sketch(size: tuple[int, int] = (30, 40)) -> Strokes:
    points = torch.rand(1, 4, 4, 2, generator=torch.Generator().manual_seed(0)) * 30
    return Strokes.black(points, size)


def test_our_own_are_drawn_as_their_strokes() -> None:
    text = to_svg(sketch(), background="white", decimals=8)
    assert holds_only_strokes(text)
    drawn = render_svg(text.encode(), 80)
    torch.testing.assert_close(drawn, render(sketch(), (60, 80)), atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("inside", "only_strokes"),
    [
        (f"<title>A</title><g {ROUND}>{LINE}</g>", True),
        (f'<line x1="1" x2="9" {ROUND}/><polyline points="1 1 5 5" {ROUND}/>', True),
        (f'<g {ROUND}><g id="cat" data-clipasso-group="cat">{LINE}</g></g>', True),
        (f"<g {ROUND}>{LINE}{RECT}</g>", False),
        (f"<g {ROUND.replace('round', 'butt', 1)}>{LINE}</g>", False),
        (f"<g {ROUND} stroke-dasharray='2'>{LINE}</g>", False),
        (f"<g {ROUND} opacity='0.5'>{LINE}</g>", False),
        (f"<g {ROUND} transform='scale(2 1)'>{LINE}</g>", False),
        (f"<g {ROUND.replace('none', 'red')}>{LINE}</g>", False),
        (f"<g {ROUND.replace('black', 'url(#a)')}>{LINE}</g>", False),
        (f"<g {ROUND} style='stroke: red'>{LINE}</g>", False),
        (f"<style>path {{ stroke: red }}</style><g {ROUND}>{LINE}</g>", False),
        (f"<g {ROUND}>{LINE}<text>A</text></g>", False),
    ],
)
def test_only_what_our_rasterizer_draws_wholly_is_its(inside: str, only_strokes: bool) -> None:
    assert holds_only_strokes(page(inside)) == only_strokes


def test_resvg_and_our_rasterizer_draw_the_same() -> None:
    pytest.importorskip("resvg_py")
    ours = page(f"<g {ROUND}>{LINE}</g>")
    theirs = page(f"<g {ROUND} opacity='1'>{LINE}</g>")
    drawn = [render_svg(text, 200) for text in (ours, theirs)]
    assert float(drawn[0][:, 3].mean()) > 0.05
    assert float((drawn[0] - drawn[1]).abs().mean()) < 0.01


def test_resvg_draws_what_is_no_stroke() -> None:
    pytest.importorskip("resvg_py")
    drawn = render_svg(page(RECT), 80)
    assert drawn.shape == (1, 4, 40, 80)
    torch.testing.assert_close(drawn[0, :, 20, 30], torch.tensor([0.5, 0, 0, 0.5]), atol=0.01, rtol=0)
    assert float(drawn[0, :, 20, 50].abs().max()) == 0


def test_without_resvg_one_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(DependencyError, match="pip install resvg-py"):
        render_svg(page(RECT), 80)
    assert render_svg(page(f"<g {ROUND}>{LINE}</g>"), 80).shape == (1, 4, 40, 80)


def test_a_drawing_of_nothing_is_empty() -> None:
    assert float(render_svg(page(f"<g {ROUND}/>"), 80).abs().max()) == 0


@pytest.mark.parametrize(
    ("text", "side", "error", "says"),
    [
        (page("<script/>"), 80, SvgError, "a <script>"),
        (page('<image href="/etc/passwd"/>'), 80, SvgError, "the address"),
        (page(LINE), 0, ConfigError, "longest_side must be 1 to 8192"),
        (page(LINE), 9000, ConfigError, "longest_side must be 1 to 8192"),
        (page(LINE, ""), 80, SvgError, "neither its width and height nor a viewBox"),
    ],
)
def test_what_cannot_be_drawn_is_refused(text: str, side: int, error: type[ClipassoError], says: str) -> None:
    with pytest.raises(error, match=says):
        render_svg(text, side)


def test_a_batch_has_one_size() -> None:
    texts = [to_svg(sketch((30, 40))), to_svg(sketch((60, 80)))]
    assert render_svgs(texts, 80).shape == (2, 4, 60, 80)
    with pytest.raises(ShapeError, match="SVG 2 becomes 80 x 80 px and the first one 80 x 60"):
        render_svgs([texts[0], to_svg(sketch((40, 40)))], 80)
    with pytest.raises(ShapeError, match="There is no SVG"):
        render_svgs([], 80)


def test_pages_of_a_fraction_of_a_px_are_drawn() -> None:
    pytest.importorskip("resvg_py")
    assert render_svg(page(RECT, 'width="40.5" height="20.2"'), 333).shape == (1, 4, 171, 333)


def test_a_page_in_mm_that_holds_more_than_strokes_is_drawn_as_it_is_shown() -> None:
    """And a page that holds lines beside those that it draws is not taken for strokes."""
    pytest.importorskip("resvg_py", reason="needs resvg: pip install resvg-py")
    line = Strokes.black(torch.tensor([[[[0.0, 5], [3, 5], [6, 5], [9, 5]]]]), (9, 9))
    for style, least, most in ((LineStyle(width_profile="brush"), 0.2, 0.7), (LineStyle(dashes=(10, 20)), 0.2, 0.7)):
        solid, drawn = (
            render_svg(sheet_to_svg(lay_out([line], SheetConfig(Page(100, 50), 8.0, style=one))), 200)[0, 3]
            for one in (LineStyle(), style)
        )
        assert drawn.shape == solid.shape
        assert least < float(drawn.sum() / solid.sum()) < most
    shaken = sheet_to_svg(lay_out([line], SheetConfig(Page(100, 50), 8.0, style=LineStyle(jitter=5.0))))
    assert not holds_only_strokes(shaken)
