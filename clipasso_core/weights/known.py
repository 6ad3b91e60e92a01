"""Which networks have names of ours: where their weights lie, how large they are, under which licence."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ConfigError

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
HALF = (0.5, 0.5, 0.5)
"""Mean and deviation that SigLIP and one LAION network were trained with: pixels from -1 to 1."""

OPEN_CLIP_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
"""Names that open_clip looks for in a repository, in this order."""

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class KnownNetwork:
    """Describe a network that can be fetched by name.

    Source: repositories, tags, means and activations are open_clip 3.3.0's ``pretrained`` table. Licences are
    what the repositories' own pages say; so are sizes, rounded, or they follow from the number of parameters. OpenAI's
    hashes stand in its download addresses; those of the three vision-only files are their Git LFS ids.

    Args:
        name: what users type.
        architecture: open_clip's name of the network.
        tag: open_clip's name of the training.
        repo: Hugging Face repository.
        files: file names in it, best first; the next is tried where one does not exist.
        size_bytes: of the first file: exact, or right to about three digits.
        licence: as the repository states it.
        sha256: of the first file where it is known; None: pinned on the first download.
        original_sha256: of OpenAI's own TorchScript archive of the same weights, which is recognised too.
        input_size: side in px of the images it was trained on.
        mean: of the pixels, RGB.
        std: of the pixels, RGB.
        quick_gelu: whether the activation is x * sigmoid(1.702 x).
        has_text: whether the file holds a text tower.
    """

    name: str
    architecture: str
    tag: str
    repo: str
    files: tuple[str, ...]
    size_bytes: int
    licence: str
    sha256: str | None = None
    original_sha256: str | None = None
    input_size: int = 224
    mean: Triple = CLIP_MEAN
    std: Triple = CLIP_STD
    quick_gelu: bool = False
    has_text: bool = True

    @property
    def local_name(self) -> str:
        """File name in our model folders (of the first of ``files``)."""
        return self.local_name_of(self.files[0])

    def local_name_of(self, remote: str) -> str:
        """File name in our model folders of a file of the repository."""
        return f"{self.name}.{remote.rsplit('.', 1)[-1]}"

    @property
    def size_text(self) -> str:
        """Size for people, such as '479 MB'."""
        return format_size(self.size_bytes)


def format_size(size: int) -> str:
    """Write a number of bytes for people, in powers of ten as the hub does.

    >>> format_size(479_000_000)
    '479 MB'
    """
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= scale:
            return f"{size / scale:.3g} {unit}"
    return f"{size} bytes"


def _openai(arch: str, repo: str, size: int, licence: str, original: str, side: int = 224) -> KnownNetwork:
    return KnownNetwork(
        name=f"clip-{arch.lower()}-openai",
        architecture=arch,
        tag="openai",
        repo=f"timm/{repo}",
        files=OPEN_CLIP_FILES,
        size_bytes=size,
        licence=licence,
        original_sha256=original,
        input_size=side,
        quick_gelu=True,
    )


def _laion(arch: str, tag: str, repo: str, size: int, mean: Triple = CLIP_MEAN, std: Triple = CLIP_STD) -> KnownNetwork:
    return KnownNetwork(
        name=f"clip-{arch.lower()}-laion2b",
        architecture=arch,
        tag=tag,
        repo=f"laion/{repo}",
        files=OPEN_CLIP_FILES,
        size_bytes=size,
        licence="mit",
        mean=mean,
        std=std,
    )


def _vision(name: str, arch: str, tag: str, repo: str, file: str, size: int, sha256: str) -> KnownNetwork:
    return KnownNetwork(name, arch, tag, repo, (file,), size, "apache-2.0", sha256=sha256, has_text=False)


def _siglip2(arch: str, side: int, size: int) -> KnownNetwork:
    name = arch.lower().replace("vit-", "").replace("-siglip2", "")
    return KnownNetwork(
        name=f"siglip2-{name}",
        architecture=arch,
        tag="webli",
        repo=f"timm/{arch}",
        files=OPEN_CLIP_FILES,
        size_bytes=size,
        licence="apache-2.0",
        input_size=side,
        mean=HALF,
        std=HALF,
    )


_IP_ADAPTER = "h94/IP-Adapter"

KNOWN: tuple[KnownNetwork, ...] = (
    _openai("RN50", "resnet50_clip.openai", 408_000_000, "mit",
            "afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762"),
    _openai("RN101", "resnet101_clip.openai", 479_000_000, "mit",
            "8fa8567bab74a42d41c5915025a8e4538c3bdbe8804a470a72f30b0d94fab599"),
    _openai("RN50x4", "resnet50x4_clip.openai", 714_000_000, "mit",
            "7e526bd135e493cef0776de27d5f42653e6b4c8bf9e0f653bb11773263205fdd", 288),
    _openai("RN50x16", "resnet50x16_clip.openai", 1_160_000_000, "mit",
            "52378b407f34354e150460fe41077663dd5b39c54cd0bfd2b27167a4a06ec9aa", 384),
    _openai("ViT-B-32", "vit_base_patch32_clip_224.openai", 605_000_000, "apache-2.0",
            "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af"),
    _openai("ViT-B-16", "vit_base_patch16_clip_224.openai", 599_000_000, "apache-2.0",
            "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f"),
    _openai("ViT-L-14", "vit_large_patch14_clip_224.openai", 1_710_000_000, "apache-2.0",
            "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836"),
    _laion("ViT-B-32", "laion2b_s34b_b79k", "CLIP-ViT-B-32-laion2B-s34B-b79K", 605_000_000),
    _laion("ViT-B-16", "laion2b_s34b_b88k", "CLIP-ViT-B-16-laion2B-s34B-b88K", 599_000_000),
    _laion("ViT-L-14", "laion2b_s32b_b82k", "CLIP-ViT-L-14-laion2B-s32B-b82K", 1_710_000_000, HALF, HALF),
    _laion("ViT-H-14", "laion2b_s32b_b79k", "CLIP-ViT-H-14-laion2B-s32B-b79K", 3_940_000_000),
    _vision("clip-vit-h-14-vision", "ViT-H-14", "laion2b_s32b_b79k", _IP_ADAPTER,
            "models/image_encoder/model.safetensors", 2_528_373_448,
            "6ca9667da1ca9e0b0f75e46bb030f7e011f44f86cbfb8d5a36590fcd7507b030"),
    _vision("clip-vit-bigg-14-vision", "ViT-bigG-14", "laion2b_s39b_b160k", _IP_ADAPTER,
            "sdxl_models/image_encoder/model.safetensors", 3_689_912_664,
            "657723e09f46a7c3957df651601029f66b1748afb12b419816330f16ed45d64d"),
    _siglip2("ViT-B-32-SigLIP2-256", 256, 1_510_000_000),
    _siglip2("ViT-B-16-SigLIP2", 224, 1_500_000_000),
    _siglip2("ViT-SO400M-14-SigLIP2", 224, 4_540_000_000),
    KnownNetwork(
        "siglip-so400m-14-384-vision", "ViT-SO400M-14-SigLIP-378", "webli", "Comfy-Org/sigclip_vision_384",
        ("sigclip_vision_patch14_384.safetensors",), 856_505_640, "apache-2.0 (the original's; this copy states none)",
        sha256="1fee501deabac72f0ed17610307d7131e3e9d1e838d0363aa3c2b97a6e03fb33",
        input_size=378, mean=HALF, std=HALF, has_text=False,
    ),
)  # fmt: skip


def find_known(name: str) -> KnownNetwork:
    """Return the network of that name, in any case of letters.

    Raises:
        ConfigError: no such name; the message lists them all.

    >>> find_known("CLIP-RN101-OpenAI").architecture
    'RN101'
    """
    for network in KNOWN:
        if network.name == name.lower():
            return network
    raise ConfigError(f"no known network is called {name!r}. Known: {', '.join(n.name for n in KNOWN)}.")


def recognise(stem: str, sha256: str | None = None) -> KnownNetwork | None:
    """Return the known network that a file is, by its hash, our name for it or its repository's name, or None.

    >>> recognise("CLIP-ViT-B-32-laion2B-s34B-b79K").name
    'clip-vit-b-32-laion2b'
    """
    for network in KNOWN:
        if sha256 is not None and sha256 in (network.sha256, network.original_sha256):
            return network
    for network in KNOWN:
        repo = network.repo.rsplit("/", 1)[-1] if network.has_text else network.name
        if stem.lower() in (network.name, repo.lower()):
            return network
    return None
