/** A drawing that is chosen with a button of CLIPasso Load SVG, or dropped on it, goes to ComfyUI's input folder. */
import { api } from "../../../scripts/api.js";
import { app } from "../../../scripts/app.js";
import { html } from "./dom.js";
import { text } from "./texts.js";

const ENDINGS = ".svg,.dxf,.json";
const MOST_MB = 32; // that the node reads: MAX_BYTES in clipasso_core/svg/document.py

/** @param {any} node whose widget "file" lists the drawings */
export function addUpload(node) {
  const chosen = html("input", { type: "file", accept: ENDINGS, onchange: () => choose() });
  const choose = () => {
    const [file] = chosen.files;
    chosen.value = ""; // so that the same file may be chosen once more
    if (file) take(node, file);
  };
  const widget = node.addWidget("button", "upload", null, () => chosen.click(), { serialize: false });
  widget.label = text("upload");
  widget.serialize = false;
  node.onDragOver = ({ dataTransfer }) => [...(dataTransfer?.items ?? [])].some(({ kind }) => kind === "file");
  node.onDragDrop = ({ dataTransfer }) => {
    const file = [...(dataTransfer?.files ?? [])].find(isDrawing);
    if (file) take(node, file);
    return Boolean(file); // else the page opens what was dropped
  };
}

const isDrawing = ({ name }) => ENDINGS.split(",").some((ending) => name.toLowerCase().endsWith(ending));

async function take(node, file) {
  const problem = await send(node, file).catch(() => text("notReached", { name: file.name }));
  if (problem) app.extensionManager.toast.add({ severity: "error", summary: "CLIPasso Load SVG", detail: problem, life: 10_000 });
}

/** @returns {Promise<string|null>} why the file is not there, or null */
async function send(node, file) {
  const size = file.size / 2 ** 20;
  if (size > MOST_MB) return text("tooLarge", { name: file.name, size: size.toFixed(1), most: MOST_MB });
  const body = new FormData();
  body.append("image", file); // the host's name for a file of any kind
  const answer = await api.fetchApi("/upload/image", { method: "POST", body });
  if (answer.status !== 200) return text("notSent", { name: file.name, status: answer.status });
  const { name } = await answer.json();
  const files = node.widgets.find((one) => one.name === "file");
  if (!files.options.values.includes(name)) files.options.values = [...files.options.values, name];
  files.value = name;
  node.graph?.setDirtyCanvas(true, true);
  return null;
}
