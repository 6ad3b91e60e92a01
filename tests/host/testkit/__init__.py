"""Nodes that exist only in the test host: tensors that no core node makes, and encoders that fail in the middle."""

import dataclasses
from io import BytesIO

import folder_paths
import torch


class TestkitImage:
    """Change an IMAGE into one that is unusual or wrong."""

    KINDS = ("float16", "nan", "one_pixel", "one_channel", "four_channels", "white", "no_image")
    CATEGORY = "testkit"
    RETURN_TYPES = ("IMAGE",)
    FUNCTION = "run"

    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802 - ComfyUI's name
        """Declare the inputs, as the first ComfyUI interface wants it."""
        return {"required": {"image": ("IMAGE",), "kind": (list(cls.KINDS),)}}

    def run(self, image, kind):
        """Return the changed image; the input stays as it is."""
        changed = {
            "float16": lambda: image.half(),
            "nan": lambda: torch.full_like(image, float("nan")),
            "one_pixel": lambda: image[:, :1, :1].clone(),
            "one_channel": lambda: image[..., :1].clone(),
            "four_channels": lambda: torch.cat([image, torch.ones_like(image[..., :1])], dim=-1),
            "white": lambda: torch.ones_like(image),
            "no_image": lambda: image[:0].clone(),
        }
        return (changed[kind](),)


class TestkitMask:
    """Make a MASK with the size of an IMAGE, or a wrong one."""

    KINDS = ("empty", "full", "other_size", "other_batch", "nan")
    CATEGORY = "testkit"
    RETURN_TYPES = ("MASK",)
    FUNCTION = "run"

    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802 - ComfyUI's name
        """Declare the inputs, as the first ComfyUI interface wants it."""
        return {"required": {"image": ("IMAGE",), "kind": (list(cls.KINDS),)}}

    def run(self, image, kind):
        """Return the mask, (B,H,W) in 0-1."""
        batch, height, width, _ = image.shape
        made = {
            "empty": lambda: torch.zeros(batch, height, width),
            "full": lambda: torch.ones(batch, height, width),
            "other_size": lambda: torch.ones(batch, height // 2 + 3, width),
            "other_batch": lambda: torch.ones(batch + 2, height, width),
            "nan": lambda: torch.full((batch, height, width), float("nan")),
        }
        return (made[kind](),)


class FailingEncoder:
    """Pass everything on to an encoder until it has been asked so often, then raise."""

    def __init__(self, encoder, calls, full_disk):
        self.encoder, self.calls, self.full_disk = encoder, calls, full_disk

    def __getattr__(self, name):
        return getattr(self.encoder, name)

    def encode(self, *arguments):
        """Look, or fail."""
        self.calls -= 1
        if self.calls < 0:
            if self.full_disk:
                self.fill_disk()
            raise RuntimeError("the encoder of the testkit fails on purpose")
        return self.encoder.encode(*arguments)

    def fill_disk(self):
        """Let the next attempt to save fail; the one after that works again."""
        right = folder_paths.get_save_image_path

        def full(*arguments):
            folder_paths.get_save_image_path = right
            raise OSError(28, "No space left on device")

        folder_paths.get_save_image_path = full


class TestkitFailingEncoder:
    """Make an encoder that fails after some calls."""

    CATEGORY = "testkit"
    RETURN_TYPES = ("SKETCH_ENCODER",)
    FUNCTION = "run"

    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802 - ComfyUI's name
        """Declare the inputs, as the first ComfyUI interface wants it."""
        return {
            "required": {
                "encoder": ("SKETCH_ENCODER",),
                "calls": ("INT", {"default": 20}),
                "full_disk": ("BOOLEAN", {"default": False}),
            }
        }

    def run(self, encoder, calls, full_disk):
        """Return the failing encoder."""
        return (dataclasses.replace(encoder, encoder=FailingEncoder(encoder.encoder, calls, full_disk)),)


class TestkitSVG:
    """Put text on the wire as the core's SVG type, as a node of another pack does."""

    CATEGORY = "testkit"
    RETURN_TYPES = ("SVG",)
    FUNCTION = "run"

    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802 - ComfyUI's name
        """Declare the inputs, as the first ComfyUI interface wants it."""
        return {"required": {"text": ("STRING", {"default": "<svg/>"})}}

    def run(self, text):
        """Return the SVG."""
        try:
            from comfy_api.latest._util.image_types import SVG
        except ImportError:
            from comfy_extras.nodes_images import SVG
        return (SVG([BytesIO(text.encode())]),)


NODE_CLASS_MAPPINGS = {
    "TestkitSVG": TestkitSVG,
    "TestkitImage": TestkitImage,
    "TestkitMask": TestkitMask,
    "TestkitFailingEncoder": TestkitFailingEncoder,
}
