"""What users read: a help page and a translation for every node, and a page extension that parses.

Without a ComfyUI the schemas are read from the sources as text; with one, the real schemas must say the same.
After a change of a schema's texts, rewrite the English file: CLIPASSO_WRITE_LOCALES=1 pytest tests/nodes
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from clipasso_core.drawing_file import DRAWINGS
from clipasso_core.optimize import PRESETS, preset_config
from clipasso_core.svg.document import MAX_BYTES

REPO = Path(__file__).resolve().parents[2]
LANGUAGES = ("en", "zh")
HEADINGS = {"en": ("Inputs", "Outputs", "Tip", "If something goes wrong"), "zh": ("输入", "输出", "提示", "出错时")}
HOST_MESSAGES = ("Saving image outside", "Value", "smaller than min")  # ComfyUI's own
SPECIAL = re.compile(r"[{}@|]")  # vue-i18n would read these as its own syntax
Json = dict[str, Any]


# --- the schemas, read as text -----------------------------------------------------------------------------------


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _text(value: ast.expr | None) -> str | None:
    """A literal text, or None where it is computed or missing."""
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def _ports(schema: ast.Call, name: str) -> list[tuple[str, Json]]:
    """The (id, texts) of each input or output in a schema's list of them."""
    listed = _keyword(schema, name)
    assert isinstance(listed, ast.List), f"{name} must be a literal list"
    ports = []
    for call in listed.elts:
        assert isinstance(call, ast.Call)
        port_id = _text(call.args[0])
        assert port_id
        texts = {"name": _text(_keyword(call, "display_name")) or port_id}
        tooltip = _text(_keyword(call, "tooltip"))
        ports.append((port_id, {**texts, "tooltip": tooltip} if tooltip else texts))
    return ports


@lru_cache(maxsize=1)
def entries_in_sources() -> dict[str, Json]:
    """What nodeDefs.json should say in English, by node id, from the calls of io.Schema in nodes/*.py."""
    entries = {}
    for source in sorted((REPO / "nodes").glob("*.py")):
        for call in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "Schema"):
                continue
            node_id = _text(_keyword(call, "node_id"))
            assert node_id, source
            entries[node_id] = {
                "display_name": _text(_keyword(call, "display_name")),
                "description": _text(_keyword(call, "description")),
                "inputs": dict(_ports(call, "inputs")),
                "outputs": {str(index): texts for index, (_, texts) in enumerate(_ports(call, "outputs"))},
            }
    return entries


NODE_IDS = sorted(entries_in_sources())


def test_all_nodes_are_found() -> None:
    assert len(NODE_IDS) >= 8
    assert all(node_id.startswith("CLIPasso") for node_id in NODE_IDS)


# --- translations ------------------------------------------------------------------------------------------------


def locale_file(language: str) -> Path:
    return REPO / "locales" / language / "nodeDefs.json"


def read_locale(language: str) -> dict[str, Json]:
    entries: dict[str, Json] = json.loads(locale_file(language).read_text(encoding="utf-8"))
    return entries


def _paths(value: Any, path: str = "") -> dict[str, str]:
    """Every text of a JSON value by its dotted path."""
    if isinstance(value, dict):
        return {found: text for key, one in value.items() for found, text in _paths(one, f"{path}.{key}").items()}
    return {path: value}


def test_sources_say_what_schemas_say(schemas: dict[str, Json]) -> None:
    assert entries_in_sources() == schemas["entries"], "write the texts of schemas as literals"


def test_english_is_the_schemas_own(schemas: dict[str, Json]) -> None:
    if os.environ.get("CLIPASSO_WRITE_LOCALES"):
        text = json.dumps(schemas["entries"], indent=2, ensure_ascii=False)
        locale_file("en").write_text(text + "\n", encoding="utf-8")
    assert read_locale("en") == schemas["entries"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_locale_covers_every_text(language: str) -> None:
    wanted, found = _paths(entries_in_sources()), _paths(read_locale(language))
    assert sorted(wanted.keys() - found.keys()) == [], "not translated"
    assert sorted(found.keys() - wanted.keys()) == [], "translated, but in no schema"


@pytest.mark.parametrize("language", LANGUAGES)
def test_locale_is_plain_text(language: str) -> None:
    for path, text in _paths(read_locale(language)).items():
        assert isinstance(text, str), path
        assert text.strip() == text, path
        assert text, path
        assert not SPECIAL.search(text), f"{path}: {text!r} holds one of vue-i18n's own characters {{ }} @ |"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_presets_tooltip_names_their_iterations(language: str) -> None:
    tooltip = read_locale(language)["CLIPassoOptimize"]["inputs"]["preset"]["tooltip"]
    wanted = [(preset, str(preset_config(preset).num_iterations)) for preset in PRESETS]
    assert re.findall(r"(draft|standard|best|paper)[:：].*?(\d+)", tooltip) == wanted


def test_chinese_is_chinese() -> None:
    spoken = {path: text for path, text in _paths(read_locale("zh")).items() if "tooltip" in path or "descr" in path}
    assert [path for path, text in spoken.items() if not re.search("[一-鿿]", text)] == []


# --- help pages --------------------------------------------------------------------------------------------------


def help_page(node_id: str, language: str) -> Path:
    """Where ComfyUI's page looks: the locale's own page first, then the one without a locale."""
    docs = REPO / "web" / "docs"
    return docs / f"{node_id}.md" if language == "en" else docs / node_id / f"{language}.md"


def sections(node_id: str, language: str) -> dict[str, str]:
    """A help page's text by heading; what stands before the first one is under ""."""
    text = help_page(node_id, language).read_text(encoding="utf-8")
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def _row_names(section: str) -> list[str]:
    """The names in code marks that start the rows of a section's table (two columns: the panel is narrow)."""
    return re.findall(r"^\| `([^`]+)`", section, flags=re.MULTILINE)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("node_id", NODE_IDS)
def test_help_page_names_inputs_and_outputs(node_id: str, language: str) -> None:
    page, entry = sections(node_id, language), entries_in_sources()[node_id]
    inputs, outputs, *_ = HEADINGS[language]
    assert _row_names(page[inputs]) == list(entry["inputs"])
    assert _row_names(page[outputs]) == [texts["name"] for texts in entry["outputs"].values()]


def _shown(default: object) -> str:
    """A default as the page shows it."""
    if isinstance(default, bool):
        return str(default).lower()
    return f"{default:g}" if isinstance(default, float) else str(default)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("node_id", NODE_IDS)
def test_help_page_tells_the_defaults(node_id: str, language: str, schemas: dict[str, Json]) -> None:
    section = sections(node_id, language)[HEADINGS[language][0]]
    rows = dict(zip(_row_names(section), re.findall(r"^\| `.*", section, re.MULTILINE), strict=True))
    for name, default in schemas["defaults"][node_id].items():
        if default == "":
            assert re.search(r"<br>(empty|留空) ", rows[name].split("|")[1]), f"{name}: empty by default"
        elif default is not None:
            assert f"`{_shown(default)}`" in rows[name].split("|")[1], f"{name}: default {default}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("node_id", NODE_IDS)
def test_help_page_is_whole(node_id: str, language: str) -> None:
    page = sections(node_id, language)
    display_name = read_locale(language)[node_id]["display_name"]
    assert page[""].startswith(f"# {display_name}\n")
    assert [heading for heading in HEADINGS[language] if not page.get(heading, "").strip()] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("node_id", ["CLIPassoLoadEncoder", "CLIPassoOptimize", "CLIPassoSaliency"])
def test_help_says_which_encoder_is_used(node_id: str, language: str) -> None:
    text = help_page(node_id, language).read_text(encoding="utf-8")
    assert "EfficientNet-Lite0" in text
    assert "ImageNet" in text
    assert re.search("not CLIP|不是 CLIP", text)


@lru_cache(maxsize=1)
def _texts_in_sources() -> str:
    """Every text in the sources of the core and the nodes, joined."""
    files = [path for folder in ("clipasso_core", "nodes") for path in sorted((REPO / folder).rglob("*.py"))]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in files]
    texts = (_text(one) for tree in trees for one in ast.walk(tree) if isinstance(one, ast.Constant))
    return "\n".join(filter(None, texts))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("node_id", NODE_IDS)
def test_help_quotes_messages_that_exist(node_id: str, language: str) -> None:
    section = sections(node_id, language)[HEADINGS[language][3]]
    cells = re.findall(r"^\| ([^|]+) \|", section, re.MULTILINE)
    quoted = [text for cell in cells for text in re.findall(r"\*(.+?)\*", cell)]
    assert quoted
    for message in quoted:
        if not message.startswith(HOST_MESSAGES):
            fixed = max(re.split(r"[\d…]+|&lt;.*?&gt;|^mask ", message), key=len).strip()
            assert fixed in _texts_in_sources(), f"no error says {fixed!r} any more"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("node_id", NODE_IDS)
def test_help_page_has_no_raw_tags(node_id: str, language: str) -> None:
    text = re.sub("`[^`]*`", "", help_page(node_id, language).read_text(encoding="utf-8"))
    assert re.findall(r"<(?!br|video|source|/video|img)[a-z/]", text) == [], "the panel drops these; write &lt;"


def test_no_help_page_is_left_over() -> None:
    docs = REPO / "web" / "docs"
    wanted = {help_page(node_id, language) for node_id in NODE_IDS for language in LANGUAGES}
    assert set(docs.rglob("*.md")) == wanted


def test_pictures_of_help_pages_exist() -> None:
    docs = REPO / "web" / "docs"
    for page in docs.rglob("*.md"):
        for target in re.findall(r"!\[[^\]]*\]\(([^)\s]+)", page.read_text(encoding="utf-8")):
            assert (docs / target).is_file(), f"{page.name}: {target} (paths start at web/docs, in any language)"


def test_chinese_readme_has_the_same_code() -> None:
    """Commands and programs of README.md that change must change in its translation, too."""
    code = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
    pages = ((REPO / name).read_text(encoding="utf-8") for name in ("README.md", "docs/README.zh.md"))
    english, chinese = (re.sub(" +#.*", "", page) for page in pages)  # comments are translated
    assert code.findall(english)
    assert code.findall(chinese) == code.findall(english)


# --- the page extension ------------------------------------------------------------------------------------------


EXTENSION = REPO / "web" / "js" / "clipasso.js"


def test_page_extension_is_small_and_knows_our_types() -> None:
    text = EXTENSION.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 60
    types = re.findall(r'io\.Custom\("(\w+)"\)', (REPO / "nodes" / "types.py").read_text(encoding="utf-8"))
    assert types
    assert [name for name in types if not re.search(rf'\b{name}: "#[0-9A-F]{{6}}"', text)] == []


SCRIPTS = sorted((REPO / "web" / "js").glob("*.js"))
MOST_BYTES = 100_000  # of all scripts and styles


def test_the_pages_scripts_are_small() -> None:
    files = [*SCRIPTS, *(REPO / "web" / "css").glob("*.css")]
    assert len(files) > 5
    assert sum(path.stat().st_size for path in files) < MOST_BYTES


def test_the_page_sends_what_the_node_reads() -> None:
    text = (REPO / "web" / "js" / "upload.js").read_text(encoding="utf-8")
    most = re.search(r"MOST_MB = (\d+);", text)
    assert most
    assert int(most[1]) * 2**20 == MAX_BYTES
    assert f'ENDINGS = "{",".join(DRAWINGS)}"' in text


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_page_script_parses(script: Path, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node (Node.js)")
    module = tmp_path / "script.mjs"  # .mjs: node takes it for a module, as the page does
    shutil.copyfile(script, module)
    done = subprocess.run([node, "--check", str(module)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_text_becomes_markup(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", text) == []


def test_the_panels_say_the_same_things_in_both_languages() -> None:
    text = (REPO / "web" / "js" / "texts.js").read_text(encoding="utf-8")
    english, chinese = (
        re.search(rf"const {name} = \{{(.*?)\n\}};", text, re.DOTALL) for name in ("ENGLISH", "CHINESE")
    )
    assert english
    assert chinese
    keys = [re.findall(r"^  (\w+):", found[1], re.MULTILINE) for found in (english, chinese)]
    assert keys[0] == keys[1]
    values = [re.findall(r"\{(\w+)\}", found[1]) for found in (english, chinese)]
    assert sorted(values[0]) == sorted(values[1])
