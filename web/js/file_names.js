/** What is filled into names of files, such as %date:yyyy-MM-dd%. ComfyUI's page does so for its own nodes alone. */
import { app } from "../../../scripts/app.js";

/** Fill in a node's names of files whenever it goes into a prompt. @param {any} node of ours */
export function fillFileNames(node) {
  const widget = node.widgets?.find((one) => one.name === "filename_prefix");
  if (!widget) return;
  widget.serializeValue = () => window.comfyAPI?.utils?.applyTextReplacements?.(app, widget.value) ?? widget.value;
}
