/**
 * The editor in CLIPasso Edit Strokes: what is edited, what is seen of it, and the changes that a person makes. How a
 * pointer makes them stands in pointer_tools.js, how keys do in editor_keys.js.
 */
import { button, html, isPressed, keepEvents, toggle } from "./dom.js";
import { Drawing } from "./drawing.js";
import { TOOLS, useKey } from "./editor_keys.js";
import { Edits, edited, inUnitsOf, widthInUnitsOf } from "./edits.js";
import { handleElements, markElement, sketchElements } from "./marks.js";
import { usePointer } from "./pointer_tools.js";
import { BLACK, living, readBatch } from "./strokes.js";
import { text } from "./texts.js";

export class Editor {
  /** @param {(text: string) => void} onChange is told of the edits, as JSON, whenever a person changes something */
  constructor(onChange) {
    this.edits = new Edits(onChange);
    this.isReadable = true;
    this.batch = null;
    this.photos = []; // addresses, one for each sketch or one for all
    this.index = 0;
    this.selected = new Set();
    this.point = null; // of the selected stroke, where keys move one alone
    this.tool = "select";
    this.nudged = null; // what the arrow keys have been moving
    this.made = null; // the edited strokes, as long as nothing changes
    this.drawing = new Drawing("application");
    this.drawing.onView = () => this.drawMarks();
    this.drawing.element.addEventListener("pointerdown", (event) => usePointer(this, event));
    this.drawing.element.addEventListener("keydown", (event) => useKey(this, event));
    // ComfyUI leaves undo and redo to text fields, which it knows by their type; here they are ours.
    this.drawing.element.type = "textarea";
    this.element = html("div", { class: "clipasso-panel widget-expands", role: "group" });
    this.build();
    this.use(this.tool);
    this.draw();
  }

  build() {
    this.element.setAttribute("aria-label", text("editor"));
    const choice = { class: "clipasso-input", "aria-label": text("sketch"), hidden: true };
    this.sketches = html("select", { ...choice, onchange: () => this.choose() });
    this.said = html("span", { class: "clipasso-facts", role: "status" });
    this.photo = toggle(text("photo"), true, () => this.draw());
    this.tools = Object.keys(TOOLS).map((tool) =>
      toggle(text(tool), tool === this.tool, () => this.use(tool), text(`${tool}Tip`)),
    );
    const row = (...children) => html("div", { class: "clipasso-row" }, ...children);
    this.buttons = {
      undo: button(text("undo"), () => this.undo()),
      redo: button(text("redo"), () => this.redo()),
      remove: button(text("remove"), () => this.remove()),
      earlier: button(text("earlier"), () => this.place(-1), text("earlierTip")),
      later: button(text("later"), () => this.place(1), text("laterTip")),
      clear: button(text("clear"), () => this.clear()),
    };
    this.element.append(
      row(...this.tools, this.photo, ...this.drawing.buttons(), this.sketches),
      this.drawing.element,
      row(...Object.values(this.buttons)),
      row(this.said),
    );
    keepEvents(this.element);
    this.element.addEventListener("click", (event) => this.giveFocusBack(event));
  }

  /** Keys go on to the drawing after a pointer pressed a button, and where the pressed one can be pressed no more. */
  giveFocusBack(event) {
    const pressed = event.target.closest("button");
    const isPointers = event.detail > 0; // keys press without a count of clicks
    if (pressed && (isPointers || pressed.disabled)) this.drawing.element.focus({ preventScroll: true });
  }

  // --- what is edited --------------------------------------------------------------------------------------------

  /** Take over edits of a workflow, and the strokes that it keeps. @param {string} edits @param {any} document */
  take(edits, document) {
    this.isReadable = this.edits.read(edits);
    this.setBatch(readBatch(document) ?? this.batch);
  }

  /** Edit the strokes that came into the node. @param {any} document @param {string[]} photos to be drawn after */
  show(document, photos = []) {
    const batch = readBatch(document);
    if (!batch) return;
    this.photos = photos;
    this.setBatch(batch);
  }

  setBatch(batch) {
    this.batch = batch;
    this.selected.clear();
    this.index = Math.min(this.index, (batch?.sketches.length ?? 1) - 1);
    const options = (batch?.sketches ?? []).map((_, index, all) =>
      html("option", { value: index }, text("sketchOf", { index: index + 1, count: all.length })),
    );
    this.sketches.replaceChildren(...options);
    this.sketches.value = String(this.index);
    this.sketches.hidden = options.length < 2;
    this.draw();
  }

  choose() {
    this.index = Number(this.sketches.value);
    this.selected.clear();
    this.draw();
  }

  /** @returns {boolean} whether there is anything to edit, which the edits until now fit */
  get isReady() {
    return Boolean(this.batch) && this.isReadable && this.edits.fit(this.batch);
  }

  /** @returns {import("./strokes.js").Stroke[]} the living strokes with all edits, in drawing order */
  get strokes() {
    const { batch, index, isReadable } = this;
    const from = [batch, index, isReadable, this.edits.version];
    if (!this.made || from.some((one, i) => one !== this.made.from[i])) {
      this.made = { from, strokes: this.isReady ? living(edited(batch, index, this.edits)) : [] };
    }
    return this.made.strokes;
  }

  /** @returns {Map<number, import("./strokes.js").Point[]>} the selected strokes' points by number, in drawing order */
  get selectedPoints() {
    return new Map(this.strokes.filter(({ id }) => this.selected.has(id)).map(({ id, points }) => [id, points]));
  }

  /** Control points of a stroke. */
  get numPoints() {
    return this.batch.sketches[0][0]?.points.length ?? 4;
  }

  push(operation, goesOn = false) {
    const whole = this.index > 0 ? { ...operation, sketch: this.index } : operation;
    this.edits.push(this.batch, whole, goesOn);
    if (operation.do !== "move") this.nudged = null;
    this.draw();
  }

  // --- drawing ---------------------------------------------------------------------------------------------------

  draw() {
    const strokes = this.strokes;
    for (const id of this.selected) if (!strokes.some((stroke) => stroke.id === id)) this.selected.delete(id);
    if (this.selected.size !== 1) this.point = null;
    if (this.batch) this.drawing.setCanvas(this.batch.width, this.batch.height);
    const photo = this.photos[this.photos.length === 1 ? 0 : this.index];
    this.photo.hidden = !photo;
    this.drawing.setPicture("photo", photo && isPressed(this.photo) ? photo : null);
    this.drawing.strokes.replaceChildren(...sketchElements(strokes, this.selected));
    this.drawMarks();
    const words = { strokes: strokes.length, selected: this.selected.size };
    this.drawing.element.setAttribute("aria-label", text("editing", words));
    this.say(this.problem() ?? this.summary());
    this.enable();
  }

  drawMarks() {
    const chosen = this.strokes.filter((stroke) => this.selected.has(stroke.id));
    const pixel = 1 / this.drawing.pixels;
    this.drawing.over.replaceChildren(
      ...chosen.map((stroke) => markElement(stroke)),
      ...(chosen.length === 1 ? handleElements(chosen[0].points, this.point, pixel) : []),
    );
  }

  problem() {
    if (!this.isReadable) return text("unreadable");
    if (!this.batch) return text("empty");
    return this.edits.fit(this.batch) ? null : text("noFit");
  }

  summary() {
    const facts = [text("strokes", { strokes: this.strokes.length })];
    if (this.edits.operations.length > 0) facts.push(text("edits", { count: this.edits.operations.length }));
    return facts.join(" · ");
  }

  say(words) {
    if (this.said.textContent !== words) this.said.textContent = words;
  }

  enable() {
    const one = this.selected.size === 1 && this.isReady;
    const can = {
      undo: this.isReady && this.edits.canUndo,
      redo: this.isReady && this.edits.undone.length > 0,
      remove: this.selected.size > 0,
      earlier: one && this.neighbour(-1) !== undefined,
      later: one && this.neighbour(1) !== undefined,
      clear: this.edits.operations.length > 0 || !this.isReadable,
    };
    for (const [name, element] of Object.entries(this.buttons)) element.disabled = !can[name];
  }

  use(tool) {
    this.tool = tool;
    Object.keys(TOOLS).forEach((name, i) => this.tools[i].setAttribute("aria-pressed", String(name === tool)));
    this.drawing.element.dataset.tool = tool;
  }

  // --- changes ---------------------------------------------------------------------------------------------------

  undo() {
    if (this.isReady && this.edits.undo()) this.changed(text("undone"));
  }

  redo() {
    if (this.isReady && this.edits.redo()) this.changed(text("redone"));
  }

  clear() {
    this.edits.clear();
    this.isReadable = true;
    this.changed(text(this.edits.canUndo ? "cleared" : "clearedForGood"));
  }

  changed(words) {
    this.nudged = null;
    this.draw();
    this.say(words);
  }

  remove() {
    const strokes = [...this.selected].sort((a, b) => a - b);
    if (strokes.length === 0) return;
    this.selected.clear();
    this.push({ do: "delete", strokes });
    this.say(text("deleted", { count: strokes.length }));
  }

  /** Give strokes other points. @param {Map<number, number[][]>} moved by number @param {boolean} goesOn as before */
  move(moved, goesOn) {
    const points = [...moved.values()].map((one) => inUnitsOf(this.batch, this.edits, one));
    this.push({ do: "move", strokes: [...moved.keys()], points }, goesOn);
  }

  /** Add a stroke that looks like the one of middling width. @param {number[][]} points px of the canvas */
  add(points) {
    const { batch, edits } = this;
    const like = this.strokes.toSorted((a, b) => a.width - b.width)[this.strokes.length >> 1];
    const width = widthInUnitsOf(batch, edits, like?.width ?? (3 * Math.max(batch.width, batch.height)) / 224);
    const taken = new Set(edited(batch, this.index, edits).map((stroke) => stroke.id));
    this.push({ do: "add", points: inUnitsOf(batch, edits, points), width, color: like?.color ?? BLACK });
    this.selected = new Set(this.strokes.map((stroke) => stroke.id).filter((id) => !taken.has(id)));
    this.draw();
    this.say(text("added"));
  }

  /** @param {number} by -1 or 1 @returns {number|undefined} the place that the selected stroke may take in the order */
  neighbour(by) {
    const strokes = this.strokes;
    const now = strokes.findIndex((stroke) => this.selected.has(stroke.id));
    const other = strokes[now + by];
    const isGiven = (stroke) => stroke.id < this.batch.numGiven;
    return now < 0 || !other || isGiven(other) || isGiven(strokes[now]) ? undefined : now + by;
  }

  /** Draw the selected stroke earlier or later. */
  place(by) {
    if (this.selected.size !== 1) return;
    const to = this.neighbour(by);
    if (to === undefined) return;
    const [id] = this.selected;
    const others = this.strokes.filter((stroke) => stroke.id !== id);
    this.push({ do: "place", strokes: [id], before: others[to]?.id ?? null });
    this.saySelected();
  }

  saySelected() {
    const strokes = this.strokes;
    const at = strokes.findIndex((stroke) => this.selected.has(stroke.id));
    if (this.selected.size === 1) this.say(text("selectedStroke", { at: at + 1, count: strokes.length }));
  }
}
