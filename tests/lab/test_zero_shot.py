"""Zero-shot: names from text and files, and an encoder that knows three words."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from clipasso_core.encoders import ImageEncoder
from clipasso_core.errors import ConfigError
from clipasso_lab.zero_shot import Classes, class_names, prompt, read_classes


class Reader:
    """Stand in for a CLIP: each word a direction of its own."""

    words = ("cat", "owl", "teddy bear")

    def encode_texts(self, texts: list[str]) -> Tensor:
        known = [prompt(word) for word in self.words]
        return torch.eye(3)[[known.index(text) for text in texts]]


@pytest.fixture
def classes() -> Classes:
    return read_classes(Reader.words, Reader())  # type: ignore[arg-type]


def test_the_nearest_class_is_the_guess(classes: Classes) -> None:
    embedding = torch.tensor([0.2, 0.9, 0.5])
    assert classes.guess(embedding, own=1) == (1, "owl")
    assert classes.guess(embedding, own=2) == (2, "owl")
    assert classes.guess(embedding, own=0) == (3, "owl")


def test_an_encoder_without_words_is_refused(encoder: ImageEncoder) -> None:
    with pytest.raises(ConfigError, match="knows no words"):
        read_classes(["cat", "owl"], encoder)


def test_the_prompt_has_the_right_article() -> None:
    assert [prompt(name) for name in ("cat", "Owl")] == ["A sketch of a cat.", "A sketch of an Owl."]


@pytest.mark.parametrize("text", ["cat, owl,teddy bear,", "owl.txt"])
def test_names_come_from_text_or_file(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("owl.txt").write_text("\ufeffcat\r\nowl\n\n teddy bear \nCat\n", encoding="utf-8")
    assert class_names(text) == ("cat", "owl", "teddy bear")


@pytest.mark.parametrize("text", ["", "cat", "cat, Cat,", ",,", "latin.txt"])
def test_too_few_names(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("latin.txt").write_bytes("Käfer\n".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"2 different names|UTF-8"):
        class_names(text)


def test_very_many_names_are_no_file() -> None:
    assert len(class_names(",".join(f"thing {n}" for n in range(2000)))) == 2000


@pytest.mark.parametrize(
    ("stem", "own"),
    [
        ("cat", 0),
        ("My_Cat-02", 0),
        ("cat01", 0),
        ("teddy_bear", 2),
        ("my teddy-bear and cat", 2),
        ("cathedral", None),
        ("bear", None),
        ("cat-and-owl", None),
    ],
)
def test_the_file_name_says_the_class(classes: Classes, stem: str, own: int | None) -> None:
    assert classes.own(stem) == own
