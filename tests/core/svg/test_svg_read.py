"""from_svg: which elements become strokes, and how they look."""

import logging
from collections.abc import Callable

import pytest
import torch

from clipasso_core.errors import ConfigError, SvgError
from clipasso_core.svg import from_svg, read_svg
from clipasso_core.svg.css import parse_colour

Wrap = Callable[..., str]


def ends(text: str) -> list[list[list[float]]]:
    """Return the joints of each stroke."""
    points = from_svg(text).control_points[0, :, ::3]
    return [[[round(v, 3) for v in point] for point in stroke] for stroke in points.tolist()]


@pytest.mark.parametrize(
    ("body", "joints"),
    [
        ('<path d="M1 2L3 4"/>', [[[1, 2], [3, 4]]]),
        ('<line x1="1" y1="2" x2="3" y2="50%"/>', [[[1, 2], [3, 50]]]),
        ('<line x2="3"/>', [[[0, 0], [3, 0]]]),
        ('<polyline points="1,2 3,4 5 6"/>', [[[1, 2], [3, 4], [5, 6]]]),
        ('<polygon points="1,2 3,4 5 6"/>', [[[1, 2], [3, 4], [5, 6], [1, 2]]]),
        ('<polygon points="1,2"/>', [[[1, 2], [1, 2]]]),
        ('<path d="M1 2L3 4M5 6L7 8"/>', [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]),
        ('<g transform="translate(1 1)"><g transform="scale(2)"><path d="M1 2L3 4"/></g></g>', [[[3, 5], [7, 9]]]),
        ('<path transform="rotate(90)" d="M1 2L3 4"/>', [[[-2, 1], [-4, 3]]]),
        ('<path style="transform: translate(1px, 0)" d="M1 2L3 4"/>', [[[2, 2], [4, 4]]]),
        (
            '<svg x="10" y="20" width="50" height="50" viewBox="0 0 5 5"><path d="M1 1L2 3"/></svg>',
            [[[20, 30], [30, 50]]],
        ),
        ('<svg x="10%"><line x2="50%" y2="1"/></svg>', [[[10, 0], [60, 1]]]),
        ('<svg width="auto" height="50"><line x2="50%" y2="50%"/></svg>', [[[0, 0], [50, 25]]]),
        ('<a><path d="M1 2L3 4"/></a>', [[[1, 2], [3, 4]]]),
        ('<rect x="1" y="2" width="4" height="3"/>', [[[1, 2], [5, 2], [5, 5], [1, 5], [1, 2]]]),
        ('<rect width="10%" height="3" rx="0" ry="1"/>', [[[0, 0], [10, 0], [10, 3], [0, 3], [0, 0]]]),
        (
            '<rect width="8" height="6" rx="2"/>',
            [[[2, 0], [6, 0], [8, 2], [8, 4], [6, 6], [2, 6], [0, 4], [0, 2], [2, 0]]],
        ),
        ('<rect width="4" height="6" rx="9" ry="1"/>', [[[2, 0], [4, 1], [4, 5], [2, 6], [0, 5], [0, 1], [2, 0]]]),
        ('<circle cx="5" cy="6" r="2"/>', [[[7, 6], [5, 8], [3, 6], [5, 4], [7, 6]]]),
        ('<circle cx="50%" cy="50%" r="10%"/>', [[[60, 50], [50, 60], [40, 50], [50, 40], [60, 50]]]),
        ('<ellipse cx="5" cy="6" rx="3" ry="1"/>', [[[8, 6], [5, 7], [2, 6], [5, 5], [8, 6]]]),
        ('<ellipse rx="3" ry="auto"/>', [[[3, 0], [0, 3], [-3, 0], [0, -3], [3, 0]]]),
        ('<line x1="25.4mm" x2="1in" y2="40Q"/>', [[[96, 0], [96, 37.795]]]),
        ('<defs><path id="a" d="M1 2L3 4"/></defs><use href="#a" x="10" y="1%"/>', [[[11, 3], [13, 5]]]),
        (
            '<path id="a" d="M1 2L3 4"/><use xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="#a" '
            'transform="scale(2)" x="1"/>',
            [[[1, 2], [3, 4]], [[4, 4], [8, 8]]],
        ),
        (
            '<symbol id="s" viewBox="0 0 10 10"><line x2="10" y2="10"/></symbol>'
            '<use href="#s" x="5" y="5" width="20" height="20"/>',
            [[[5, 5], [25, 25]]],
        ),
        ('<symbol id="s" viewBox="0 0 10 10"><line x2="10" y2="10"/></symbol><use href="#s"/>', [[[0, 0], [100, 100]]]),
        (
            '<svg id="s" width="10" height="10" viewBox="0 0 5 5"><line x2="5"/></svg>'
            '<use href="#s" width="20" y="3"/>',
            [[[0, 0], [10, 0]], [[5, 3], [15, 3]]],
        ),
        (
            '<switch><foreignObject requiredExtensions="x"/><line systemLanguage="de" x2="5"/>'
            '<line systemLanguage="en-GB, fr" x2="3"/><line x2="9"/></switch>',
            [[[0, 0], [3, 0]]],
        ),
    ],
)
def test_shapes_become_strokes(svg: Wrap, body: str, joints: list[list[list[float]]]) -> None:
    assert ends(svg(body)) == joints


@pytest.mark.parametrize(
    "body",
    [
        '<defs><path d="M0 0L1 1"/><circle r="3"/></defs>',
        '<symbol><path d="M0 0L1 1"/></symbol>',
        '<defs><g id="a"><symbol><path d="M0 0L1 1"/></symbol></g></defs><use href="#a"/>',
        '<defs><g id="a" display="none"><path d="M0 0L1 1"/></g></defs><use href="#a"/>',
        '<defs><path id="a" d="M0 0L1 1"/></defs><use href="#a" visibility="hidden"/><use href="#b"/><use/>',
        '<defs><symbol id="a" viewBox="0 0 1 1"><path d="M0 0L1 1"/></symbol></defs><use href="#a" width="0"/>',
        '<circle/><circle r="0"/><ellipse rx="3" ry="0"/><rect width="3"/>',
        '<rect fill="red" stroke="none" height="3"/><path fill="red" stroke="none" d="M0 0"/>',
        '<clipPath><rect width="9" height="9"/></clipPath>',
        '<mask><path d="M0 0L1 1"/></mask>',
        '<g display="none"><path d="M0 0L1 1"/><text>a</text></g>',
        '<g style="display:none"><path d="M0 0L1 1"/></g>',
        '<path visibility="hidden" d="M0 0L1 1"/>',
        '<g visibility="hidden"><image/></g>',
        '<path stroke="none" d="M0 0L1 1"/>',
        '<path stroke="none" d="never read"/>',
        '<path d=""/>',
        '<path d="M3 3"/>',
        '<path transform="scale(0)" d="M0 0L1 1"/>',
        '<svg width="0"><path d="M0 0L1 1"/></svg>',
        '<svg height="0%" viewBox="0 0 9 9" preserveAspectRatio="xMidYMid slice"><path d="M0 0L1 1"/></svg>',
        '<rect stroke="none" width="9" height="9"/>',
        '<rect stroke="none" fill="white" width="100%" height="100%"/>',
        '<rect stroke="none" fill="white" x="-5" y="-5" width="500" height="500"/>',
        '<text display="none">a</text>',
        "<title>t</title><desc>d</desc><metadata><x/></metadata><script>1</script>",
        '<i:path xmlns:i="urn:other" d="M0 0L1 1"/>',
        "<!-- a comment -->",
    ],
)
def test_what_is_not_drawn_is_passed_over(svg: Wrap, body: str) -> None:
    assert ends(svg(body + '<path d="M1 2L3 4"/>')) == [[[1, 2], [3, 4]]]


def test_visible_child_of_hidden_group_is_drawn(svg: Wrap) -> None:
    assert len(ends(svg('<g visibility="hidden"><path visibility="visible" d="M1 2L3 4"/></g>'))) == 1


def test_shorter_strokes_are_padded_at_their_end(svg: Wrap) -> None:
    strokes = from_svg(svg('<path d="M1 2L4 5"/><path d="M0 0H3V3H0"/>'))
    assert strokes.control_points.shape == (1, 2, 10, 2)
    assert strokes.control_points[0, 0].tolist() == [[1, 2], [2, 3], [3, 4], *[[4, 5]] * 7]
    assert strokes.control_points.dtype == torch.float32


@pytest.mark.parametrize(
    ("attributes", "width"),
    [
        ("", 1),
        ('stroke-width="3"', 3),
        ('stroke-width="1mm"', 96 / 25.4),
        ('stroke-width="3%"', 3),
        ('style="stroke-width: 4px"', 4),
        ('stroke-width="2" transform="scale(3)"', 6),
        ('stroke-width="2" transform="scale(2 8)"', 8),
        ('stroke-width="2" transform="rotate(30)"', 2),
        ('stroke-width="2" transform="scale(3)" vector-effect="non-scaling-stroke"', 2),
    ],
)
def test_width_follows_units_and_transforms(svg: Wrap, attributes: str, width: float) -> None:
    strokes = from_svg(svg(f'<path d="M0 0L9 9" {attributes}/>'))
    assert strokes.stroke_width.item() == pytest.approx(width, rel=1e-6)


@pytest.mark.parametrize("canvas_size", [(50, 50), (200, 200), (400, 200)])
def test_what_does_not_scale_grows_with_the_page_alone(svg: Wrap, canvas_size: tuple[int, int]) -> None:
    fixed = '<path d="M0 0L9 9" stroke-width="2" transform="scale(3)" vector-effect="non-scaling-stroke"/>'
    drawing = svg(fixed, 'width="100" height="100" viewBox="0 0 20 20"')
    assert from_svg(drawing).stroke_width.item() == 2
    assert from_svg(drawing, canvas_size).stroke_width.item() == min(canvas_size) / 50


@pytest.mark.parametrize(
    ("attributes", "rgba"),
    [
        ('stroke="red"', (1, 0, 0, 1)),
        ('stroke="#0f0"', (0, 1, 0, 1)),
        ('stroke="#0000ff"', (0, 0, 1, 1)),
        ('stroke="#0000ff80"', (0, 0, 1, 128 / 255)),
        ('stroke="rgb(255, 0, 51)"', (1, 0, 0.2, 1)),
        ('stroke="rgb(100%, 0%, 20%)"', (1, 0, 0.2, 1)),
        ('stroke="rgba(255 0 51 / 50%)"', (1, 0, 0.2, 0.5)),
        ('stroke="hsl(120, 100%, 50%)"', (0, 1, 0, 1)),
        ('stroke="hsl(120, 900%, 50%)"', (0, 1, 0, 1)),
        ('stroke="currentColor" color="blue"', (0, 0, 1, 1)),
        ('stroke="url(#a) red"', (1, 0, 0, 1)),
        ('stroke="inherit"', (0, 0, 0, 1)),
        ('stroke="red" style="stroke: lime !important; stroke-linecap: butt"', (0, 1, 0, 1)),
        ('stroke="red" stroke-opacity="0.5" opacity="50%"', (1, 0, 0, 0.25)),
        ('stroke="red" stroke-opacity="7"', (1, 0, 0, 1)),
    ],
)
def test_colour_and_opacity_are_read(svg: Wrap, attributes: str, rgba: tuple[float, ...]) -> None:
    strokes = from_svg(svg(f'<path d="M0 0L9 9" {attributes}/>'))
    assert strokes.color[0, 0].tolist() == pytest.approx(rgba, abs=1e-6)


def test_properties_are_inherited_and_opacities_multiply(svg: Wrap) -> None:
    body = '<g stroke="red" stroke-width="4" opacity="0.5"><g opacity="0.5"><path d="M0 0L9 9"/></g></g>'
    strokes = from_svg(svg(body))
    assert strokes.color[0, 0].tolist() == [1, 0, 0, 0.25]
    assert strokes.stroke_width.item() == 4


def test_a_clone_hands_its_style_down(svg: Wrap) -> None:
    body = '<defs><g id="a"><path d="M0 0H9"/><path d="M0 1H9" stroke="blue"/></g></defs>'
    body += '<use href="#a" stroke="red" stroke-width="2" opacity="0.5" transform="scale(2)"/>'
    strokes = from_svg(svg(body, group='fill="none"'))
    assert strokes.color[0].tolist() == [[1, 0, 0, 0.5], [0, 0, 1, 0.5]]
    assert strokes.stroke_width[0].tolist() == [4, 4]


FILLED = '<rect width="100" height="100" fill="white"/><path d="M1 1H9V9Z" fill="red" fill-opacity="0.5"/>'
FILLED += '<circle r="3" fill="url(#g)" stroke-width="2" transform="scale(2)"/><line x2="5" stroke="lime"/>'


def test_filled_shapes_are_offered_as_their_outlines(svg: Wrap) -> None:
    strokes, report = read_svg(svg(FILLED, group=""), fills="outline")
    assert strokes.color[0].tolist() == [[1, 0, 0, 0.5], [0, 0, 0, 1], [0, 1, 0, 1]]
    assert strokes.stroke_width[0].tolist() == [1, 4, 1]
    assert (report.outlined, report.skipped) == (2, 0)


def test_filled_shapes_are_skipped_and_counted(svg: Wrap, caplog: pytest.LogCaptureFixture) -> None:
    strokes, report = read_svg(svg(FILLED, group=""), fills="skip")
    assert strokes.color[0].tolist() == [[0, 1, 0, 1]]
    assert report.sentences() == ["Filled shapes without a stroke, left out: 2."]
    assert caplog.text == ""
    from_svg(svg(FILLED, group=""), fills="skip")
    assert "left out: 2" in caplog.text
    with pytest.raises(SvgError, match=r"holds no strokes: .* \(1 filled shapes were skipped\)"):
        from_svg(svg('<circle r="3"/>', group=""), fills="skip")
    with pytest.raises(ConfigError, match="fills must be one of refuse, outline, skip, got 'trace'"):
        from_svg(svg(FILLED), fills="trace")  # type: ignore[arg-type]


@pytest.mark.parametrize("unseen", ['stroke="rgba(0,0,0,0)"', 'stroke-opacity="0"', 'stroke-width="0"'])
def test_a_stroke_that_is_not_seen_leaves_its_shape_filled(svg: Wrap, unseen: str) -> None:
    body = f'<circle r="3" fill="blue" {unseen}/>'
    strokes, report = read_svg(svg(body), fills="outline")
    assert (strokes.color[0].tolist(), report.outlined, report.left_out) == ([[0, 0, 1, 1]], 1, ())
    with pytest.raises(SvgError, match="A <circle> is filled and has no stroke"):
        from_svg(svg(body))


def test_a_stroke_that_is_not_seen_stays_where_nothing_is_filled(svg: Wrap) -> None:
    assert from_svg(svg('<path d="M0 0L9 9" stroke-opacity="0"/>')).color[0, 0, 3] == 0


def test_style_sheets_are_read_in_the_order_of_their_weight(svg: Wrap) -> None:
    sheet = """@charset "utf-8"; @font-face{font-family:x}
    /* { */ *{stroke-linejoin:round} .a,.b{stroke:red;stroke-width:2} path.a{stroke:lime} #one{stroke:blue}
    .a:hover{stroke:white} path{stroke-width:5}"""
    body = '<path id="one" class="a" d="M0 0L1 1"/><path class="x a" d="M0 0L1 1"/><line class="b" x2="3"/>'
    body += '<path d="M0 0H3"/>'
    strokes = from_svg(svg(f"<style><![CDATA[{sheet}]]></style>{body}", group='fill="none" stroke="black"'))
    assert strokes.color[0, :, :3].tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 0, 0]]
    assert strokes.stroke_width[0].tolist() == [2, 2, 2, 5]


@pytest.mark.parametrize(
    "rule",
    [
        *(f"path{name}{{stroke:red}}" for name in (":hover", ":Active", ":focus-within", ":visited", ":target")),
        *(f"{name}{{stroke:red}}" for name in ("path::before", ":after", "::selection", ":focus .a", "::part(a)")),
        "<!-- path{stroke:lime} -->",
        ":root{stroke:red} svg:root{stroke:red}",
    ],
)
def test_what_never_holds_in_a_still_picture_is_passed_over(svg: Wrap, rule: str) -> None:
    body = f'<style><![CDATA[path{{stroke:lime}} {rule}]]></style><path d="M0 0L9 9"/>'
    assert from_svg(svg(body)).color[0, 0].tolist() == [0, 1, 0, 1]


def test_root_is_the_page() -> None:
    drawing = '<svg width="9" height="9"><style>:root{stroke:lime}</style><path d="M0 0L9 9" fill="none"/></svg>'
    assert from_svg(drawing).color[0, 0].tolist() == [0, 1, 0, 1]


def test_comments_in_a_style_are_passed_over(svg: Wrap) -> None:
    body = '<path style="/* stroke: red; */stroke: /**/ lime; /* stroke: red" d="M0 0L9 9"/>'
    assert from_svg(svg(body)).color[0, 0].tolist() == [0, 1, 0, 1]


def test_what_strokes_cannot_hold_is_said_in_the_log(svg: Wrap, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        from_svg(svg('<path fill="red" stroke-dasharray="3" d="M0 0L9 9"/><g mask="url(#m)" style="marker:url(#m)"/>'))
    assert "fill, markers, mask, stroke-dasharray" in caplog.text


def test_what_the_page_itself_carries_is_said_too(caplog: pytest.LogCaptureFixture) -> None:
    page = 'width="9" height="9" stroke="red" transform="scale(2)" clip-path="url(#c)"'
    with caplog.at_level(logging.WARNING):
        from_svg(f'<svg {page}><line x2="3"/></svg>')
    assert "clip-path, transform of the page" in caplog.text


def test_bytes_marks_and_encodings_are_understood() -> None:
    text = '<svg width="9" height="9"><title>é</title><path d="M0 0L9 9" stroke="red" fill="none"/></svg>'
    head = '<?xml version="1.0" encoding="{}"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://x/svg11.dtd">'
    for data in (
        text,
        "\ufeff" + text,
        text.encode(),
        head.format("utf-16") + text,
        (head.format("utf-16") + text).encode("utf-16"),
        (head.format("iso-8859-1") + text).encode("latin-1"),
    ):
        assert from_svg(data).num_strokes == 1


def test_no_paint_is_no_colour() -> None:
    assert parse_colour("none") is None
    assert parse_colour("transparent") is None
