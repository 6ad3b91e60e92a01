/** Puts the viewer into our nodes when there are strokes to show, the editor into CLIPasso Edit Strokes, and so on. */
import { api } from "../../../scripts/api.js";
import { app } from "../../../scripts/app.js";
import { html } from "./dom.js";
import { Editor } from "./editor.js";
import { fillFileNames } from "./file_names.js";
import { joined } from "./strokes.js";
import { addUpload } from "./upload.js";
import { Viewer } from "./viewer.js";

const KEY = "clipasso_strokes"; // of a node's ui result, and of the messages of a run
const SALIENCY = "clipasso_saliency"; // of the ui result of CLIPasso Stroke Init: pictures, one for each photo
const EDITOR = "CLIPassoEditStrokes";
const UPLOAD = "CLIPassoLoadSVG";
const LIVE = "CLIPassoOptimize";
const VIEWED = new Set([LIVE, UPLOAD, "CLIPassoSVGExport", "CLIPassoStrokesInfo"]); // nodes that send strokes; others of ours may, too
const OPEN = "clipasso_viewer_open"; // property of a node: what a person chose
const WIDTH = 360; // px, of a node with a panel
const HEIGHT = 380;
const FOLDED_HEIGHT = 50;
const MOST_KEPT = 300_000; // characters of strokes that the editor keeps in a workflow

/** @param {{filename: string, subfolder: string, type: string}} file @returns {string} where the host serves it */
function addressOf({ filename, subfolder, type }) {
  return api.apiURL(`/view?${new URLSearchParams({ filename, subfolder, type })}`);
}

/** Find a node by the id that runs use: "12", "3:12" for one inside of the subgraph node 3; or by the page's: "<subgraph>:12". */
function nodeOf(id) {
  const path = String(id).split(":");
  const last = path.pop();
  const inner = (graph, part) => app.graph.subgraphs?.get(part) ?? graph?.getNodeById(part)?.subgraph;
  const graph = path.reduce(inner, app.graph);
  return graph?.getNodeById(last) ?? null;
}

/**
 * Add a panel to a node as its last widget, which neither workflow nor prompt holds.
 *
 * @param {() => number} height px that it takes at least
 */
function addPanel(node, kind, panel, height) {
  const most = () => (height() === FOLDED_HEIGHT ? FOLDED_HEIGHT : undefined);
  const options = { serialize: false, hideOnZoom: false, getMinHeight: height, getMaxHeight: most, margin: 8 };
  const widget = node.addDOMWidget(kind, kind, panel.element, options);
  widget.serialize = false;
  return widget;
}

/** Make a node as large as its panel needs. */
function makeRoom(node) {
  const [width, height] = node.computeSize();
  node.setSize([Math.max(node.size[0], width, WIDTH), Math.max(node.size[1], height)]);
  node.graph?.setDirtyCanvas(true, true);
}

/** Give a node a viewer, which is not seen before there are strokes. Nodes 2.0 only shows widgets made with the node. */
function addViewer(node) {
  const viewer = new Viewer(addressOf, (isOpen) => {
    node.properties[OPEN] = isOpen;
    if (!isOpen) node.setSize([node.size[0], node.size[1] - HEIGHT + FOLDED_HEIGHT]);
    makeRoom(node);
  });
  const widget = addPanel(node, "clipasso_viewer", viewer, () => (viewer.isOpen ? HEIGHT : FOLDED_HEIGHT));
  widget.hidden = true;
  node.clipassoViewer = viewer;
  return viewer;
}

/**
 * Find a node's viewer and bring it to light.
 *
 * @param {boolean} isOpen how it is shown at first, where nobody has chosen
 * @param {boolean} mayGrow whether the node may become larger for it
 * @returns {Viewer|null} null where there is no room for it
 */
function viewerOf(node, isOpen, mayGrow = true) {
  const viewer = node.clipassoViewer ?? addViewer(node);
  const widget = node.widgets.find((one) => one.name === "clipasso_viewer");
  if (widget.hidden) {
    widget.hidden = false;
    viewer.open(node.properties[OPEN] ?? isOpen);
    if (mayGrow) makeRoom(node);
    else widget.hidden = node.size[1] < node.computeSize()[1];
  }
  return widget.hidden ? null : viewer;
}

/**
 * Let ComfyUI's own undo know what was edited until now. By itself it looks when a mouse button goes up, before the press of
 * a button of ours does anything, and never while the drawing has the focus.
 */
function rememberChange() {
  app.canvas.emitBeforeChange?.();
  app.canvas.emitAfterChange?.();
}

/** Make the editor of a node; its edits live in the widget "edits", which it hides. */
function addEditor(node) {
  const widget = node.widgets.find((one) => one.name === "edits");
  widget.hidden = true;
  widget.options = { ...widget.options, hidden: true };
  const editor = new Editor((edits) => {
    widget.value = edits;
    node.graph?.setDirtyCanvas(true, true);
  });
  node.clipassoEditor = editor;
  addPanel(node, "clipasso_editor", editor, () => HEIGHT);
  makeRoom(node);
  for (const kind of ["click", "keyup", "pointerup"]) editor.element.addEventListener(kind, rememberChange);
  widget.callback = (edits) => editor.take(edits, node.properties[KEY]); // a prompt that was loaded
  const configured = node.onConfigure;
  node.onConfigure = function (...given) {
    configured?.apply(this, given);
    editor.take(widget.value, this.properties[KEY]);
  };
}

/** @returns {any[]|undefined} the saliency that the strokes of a node started from: what the nearest node above told */
function saliencyAbove(node) {
  const [waiting, met] = [[node], new Set()];
  for (let one = waiting.shift(); one; one = waiting.shift()) {
    if (one[SALIENCY]) return one[SALIENCY];
    if (met.has(one)) continue;
    met.add(one);
    const above = (one.inputs ?? []).map(({ type }, i) => (["STROKES", "*"].includes(type) ? one.getInputNode(i) : null));
    waiting.push(...above.filter(Boolean));
  }
  return undefined;
}

/** @returns {any} a message for the viewer, with what else the page knows; only the sketch of a run fills the photo's square */
const completed = (node, message) =>
  node.comfyClass === LIVE ? { ...message, saliency: saliencyAbove(node) } : message;

/**
 * Show what a run said of a node.
 *
 * @param {any} output its ui result, with a message for each item of a list that came in
 * @param {boolean} mayGrow whether the node may become larger for it
 */
function show(node, output, mayGrow = true) {
  if (output?.[SALIENCY]) node[SALIENCY] = output[SALIENCY];
  const messages = output?.[KEY];
  if (!messages?.length) return;
  if (node.clipassoEditor) {
    const { strokes, photos } = messages[0]; // the edits are made on each of a list alike
    node.clipassoEditor.show(strokes, photos?.map(addressOf));
    return;
  }
  const isOpen = !output.images; // where the node shows a picture anyway, the viewer waits folded
  viewerOf(node, isOpen, mayGrow)?.show(completed(node, joined(messages)));
}

/** Keep the strokes that came into an editor in the workflow, unless they are many. @param {any} output as in show() */
function keep(node, output) {
  const strokes = output?.[KEY]?.[0]?.strokes;
  if (!node.clipassoEditor || !strokes) return;
  if (JSON.stringify(strokes).length <= MOST_KEPT) node.properties[KEY] = strokes;
  else delete node.properties[KEY];
}

app.registerExtension({
  name: "clipasso.Panels",

  setup() {
    document.head.append(html("link", { rel: "stylesheet", href: new URL("../css/panels.css", import.meta.url).href }));
    api.addEventListener(KEY, ({ detail }) => {
      const node = nodeOf(detail.node);
      if (node?.comfyClass === LIVE) viewerOf(node, true).live(completed(node, detail));
    });
  },

  beforeRegisterNodeDef(nodeType, nodeData) {
    if (!nodeData.name.startsWith("CLIPasso")) return;
    const executed = nodeType.prototype.onExecuted;
    nodeType.prototype.onExecuted = function (output, ...others) {
      executed?.call(this, output, ...others);
      show(this, output);
      keep(this, output);
    };
  },

  nodeCreated(node) {
    if (node.comfyClass === EDITOR) addEditor(node);
    if (node.comfyClass === UPLOAD) addUpload(node);
    if (VIEWED.has(node.comfyClass)) addViewer(node);
    if (node.comfyClass?.startsWith("CLIPasso")) fillFileNames(node);
    if (node.comfyClass === LIVE) node.onDrawBackground = () => {}; // no second picture of the run below the viewer
  },

  /**
   * A workflow came back to the page (another tab, undo): the page still knows what its nodes said, of inner ones too. What
   * undo brought back must stay just so: a change would be one more step to undo, and no step could be made again.
   */
  afterConfigureGraph() {
    const isUndo = Object.keys(app.nodeOutputs ?? {}).length > 0; // a workflow that is opened gets its outputs later
    setTimeout(() => {
      for (const [id, output] of Object.entries(app.nodeOutputs ?? {})) {
        const node = nodeOf(id);
        if (node?.comfyClass?.startsWith("CLIPasso")) show(node, output, !isUndo);
      }
    });
  },
});
