"""Images from files and files from results."""

import errno
import os
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from clipasso_core import files
from clipasso_core.errors import ImageFileError, ShapeError
from clipasso_core.files import check_writable, load_image, load_mask, load_photo, save_png, write_atomically

RGB = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def store(folder: Path, image: Image.Image, name: str = "photo.png", **options: object) -> Path:
    file = folder / name
    image.save(file, **options)
    return file


def test_rgb_comes_as_it_is(tmp_path: Path) -> None:
    photo = load_photo(store(tmp_path, Image.fromarray(RGB)))
    assert photo.image.shape == (1, 3, 20, 30)
    assert photo.image.dtype == torch.float32
    assert photo.alpha is None
    np.testing.assert_allclose(photo.image[0].permute(1, 2, 0).numpy(), RGB / 255, atol=1e-6)


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    image = Image.fromarray(RGB)
    exif = image.getexif()
    exif[0x0112] = 6
    loaded = load_image(store(tmp_path, image, exif=exif))
    assert loaded.shape == (1, 3, 30, 20)
    np.testing.assert_allclose(loaded[0].permute(1, 2, 0).numpy(), np.rot90(RGB, -1) / 255, atol=1e-6)


def test_alpha_is_laid_on_white_and_given_too(tmp_path: Path) -> None:
    alpha = np.linspace(0, 255, 600).astype(np.uint8).reshape(20, 30, 1)
    photo = load_photo(store(tmp_path, Image.fromarray(np.concatenate([RGB, alpha], axis=-1))))
    share = alpha / 255
    wanted = RGB / 255 * share + 1 - share
    np.testing.assert_allclose(photo.image[0].permute(1, 2, 0).numpy(), wanted, atol=1e-6)
    assert photo.alpha is not None
    assert photo.alpha.shape == (1, 20, 30)
    np.testing.assert_allclose(photo.alpha[0].numpy(), share[..., 0], atol=1e-6)


def test_opaque_alpha_is_no_alpha(tmp_path: Path) -> None:
    assert load_photo(store(tmp_path, Image.fromarray(RGB).convert("RGBA"))).alpha is None


@pytest.mark.parametrize("mode", ["L", "P", "1", "CMYK", "YCbCr", "LA"])
def test_other_modes_become_rgb(tmp_path: Path, mode: str) -> None:
    suffix = {"CMYK": "tif", "YCbCr": "tif"}.get(mode, "png")
    source = Image.fromarray(RGB).convert(mode)
    loaded = load_image(store(tmp_path, source, f"photo.{suffix}"))
    wanted = np.asarray(source.convert("RGB")) / 255
    np.testing.assert_allclose(loaded[0].permute(1, 2, 0).numpy(), wanted, atol=0.02)


def test_palette_transparency_is_alpha(tmp_path: Path) -> None:
    image = Image.new("P", (20, 20), 1)
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.paste(0, (0, 0, 10, 20))
    photo = load_photo(store(tmp_path, image, transparency=0))
    assert photo.alpha is not None
    assert photo.alpha.mean().item() == 0.5
    assert photo.image[0, :, 0, 0].tolist() == [1, 1, 1]


def test_sixteen_bits_keep_their_scale(tmp_path: Path) -> None:
    values = np.linspace(0, 65535, 400).astype(np.uint16).reshape(20, 20)
    loaded = load_image(store(tmp_path, Image.fromarray(values)))
    for channel in loaded[0]:
        np.testing.assert_allclose(channel.numpy(), values / 65535, atol=1e-6)


def test_first_frame_of_an_animation_is_read(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (20, 20), color) for color in ("red", "blue")]
    file = store(tmp_path, frames[0], "photo.gif", save_all=True, append_images=frames[1:])
    assert load_image(file)[0, :, 5, 5].tolist() == [1, 0, 0]


def test_mask_is_brightness_or_the_opacity_of_a_cut_out(tmp_path: Path) -> None:
    grey = np.zeros((20, 20), np.uint8)
    grey[:, 10:] = 255
    mask = load_mask(store(tmp_path, Image.fromarray(grey)))
    assert mask.shape == (1, 20, 20)
    np.testing.assert_allclose(mask[0].numpy(), grey / 255, atol=1e-6)
    cutout = np.dstack([RGB[:, :20], grey])
    np.testing.assert_allclose(load_mask(store(tmp_path, Image.fromarray(cutout)))[0].numpy(), grey / 255)


def bomb(tmp_path: Path, side: int) -> Path:
    """Write a PNG that claims side x side px and holds nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    file = tmp_path / "bomb.png"
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b""))
    return file


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(("side", "said"), [(10_000, "at most 89478485 pixels"), (60_000, "too many pixels")])
def test_decompression_bomb_is_refused(tmp_path: Path, side: int, said: str) -> None:
    with pytest.raises(ImageFileError, match=rf"bomb\.png.*{said}"):
        load_image(bomb(tmp_path, side))


def test_missing_folder_text_truncated_and_small_files_are_refused(tmp_path: Path) -> None:
    text = tmp_path / "text.png"
    text.write_text("hello")
    empty = tmp_path / "empty.png"
    empty.write_bytes(b"")
    cut = store(tmp_path, Image.fromarray(RGB), "cut.png")
    cut.write_bytes(cut.read_bytes()[:-900])
    cut_jpeg = store(tmp_path, Image.fromarray(RGB), "cut.jpg")
    cut_jpeg.write_bytes(cut_jpeg.read_bytes()[:-400])
    small = store(tmp_path, Image.new("RGB", (15, 400)), "small.png")
    cases = {
        tmp_path / "gone.png": r"gone\.png' does not exist",
        tmp_path: "is a folder",
        text: r"text\.png' is no image",
        empty: r"empty\.png' is no image",
        cut: r"cut\.png' is damaged or cut short",
        cut_jpeg: r"cut\.jpg' is damaged or cut short",
        small: r"small\.png' is 15 x 400 px; at least 16 px",
        tmp_path / "nul\0.png": "damaged",
    }
    for file, said in cases.items():
        for load in (load_photo, load_mask):
            with pytest.raises(ImageFileError, match=said):
                load(file)


def test_float_image_out_of_range_is_refused(tmp_path: Path) -> None:
    file = store(tmp_path, Image.fromarray(np.full((20, 20), 3, np.float32)), "deep.tif")
    with pytest.raises(ImageFileError, match="grey values must be 0 to 1"):
        load_image(file)


def test_unreadable_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Image, "open", refuse)
    with pytest.raises(ImageFileError, match="may not be read"):
        load_image(tmp_path / "a.png")


def test_png_comes_back(tmp_path: Path) -> None:
    image = torch.from_numpy(RGB).permute(2, 0, 1) / 255
    save_png(image, tmp_path / "a.png")
    torch.testing.assert_close(load_image(tmp_path / "a.png")[0], image)
    save_png(image[0] * 2 - 0.5, tmp_path / "b.png")
    torch.testing.assert_close(load_mask(tmp_path / "b.png")[0], (image[0] * 2 - 0.5).clamp(0, 1), rtol=0, atol=2e-3)


@pytest.mark.parametrize("shape", [(1, 20, 30), (5, 20, 30), (1, 3, 20, 30), (30,), (3, 0, 5)])
def test_png_of_another_shape_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"\[3, H, W\] or \[H, W\]"):
        save_png(torch.zeros(shape), tmp_path / "a.png")


def test_png_with_nan_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ShapeError, match="NaN"):
        save_png(torch.full((20, 20), float("nan")), tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


def test_text_and_bytes_are_written_whole_with_the_usual_rights(tmp_path: Path) -> None:
    file = tmp_path / "a.svg"
    write_atomically(file, "é\n")
    assert file.read_bytes() == "é\n".encode()
    write_atomically(str(file), b"\r\n")
    assert file.read_bytes() == b"\r\n"
    plain = tmp_path / "plain"
    plain.write_text("")
    assert file.stat().st_mode == plain.stat().st_mode
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.svg", "plain"]


def test_link_is_followed_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "real.svg").write_text("old")
    (tmp_path / "link.svg").symlink_to(tmp_path / "real.svg")
    write_atomically(tmp_path / "link.svg", "new")
    assert (tmp_path / "link.svg").is_symlink()
    assert (tmp_path / "real.svg").read_text() == "new"


def test_check_writable_leaves_everything_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "a.svg"
    check_writable(file)
    assert not list(tmp_path.iterdir())
    file.write_text("old")
    check_writable(file)
    assert file.read_text() == "old"


WRITERS: list[Callable[[Path], None]] = [check_writable, lambda path: write_atomically(path, "new")]


@pytest.mark.parametrize("write", WRITERS)
def test_place_that_cannot_hold_a_file_is_refused(tmp_path: Path, write: Callable[[Path], None]) -> None:
    (tmp_path / "file").write_text("")
    cases = {
        tmp_path / "gone" / "a.svg": r"a\.svg.*does not exist; make it",
        tmp_path / "file" / "a.svg": "does not exist; make it",
        tmp_path: "it is a folder",
        Path(os.devnull): "not an ordinary file",
        tmp_path / "nul\0": "Choose another name",
        tmp_path / ("x" * 300): "Cannot write",
    }
    for path, said in cases.items():
        with pytest.raises(ImageFileError, match=said):
            write(path)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a named pipe")
@pytest.mark.parametrize("write", WRITERS)
def test_a_pipe_is_refused(tmp_path: Path, write: Callable[[Path], None]) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ImageFileError, match="not an ordinary file"):
        write(tmp_path / "pipe")
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.parametrize("write", WRITERS)
def test_read_only_file_is_refused(
    tmp_path: Path, write: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.svg"
    file.write_text("old")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(ImageFileError, match="read-only"):
        write(file)
    assert file.read_text() == "old"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "no permission"),
        (errno.EIO, "choose another folder"),
    ],
)
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_failure_midway_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str, step: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    file = tmp_path / "a.svg"
    file.write_text("old")
    monkeypatch.setattr(files.os, step, fail)
    with pytest.raises(ImageFileError, match=rf"a\.svg.*{said}"):
        write_atomically(file, "new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.svg"]
    assert file.read_text() == "old"


def test_interrupt_midway_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "a.svg", "new")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_read_only_folder_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ImageFileError, match="no permission"):
        check_writable(tmp_path / "a.svg")
