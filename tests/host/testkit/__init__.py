"""Nodes that exist only in the test host: tensors that no core node makes (float16, NaN, one pixel, ...)."""

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


NODE_CLASS_MAPPINGS = {"TestkitImage": TestkitImage, "TestkitMask": TestkitMask}
