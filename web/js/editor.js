/** The editor in CLIPasso Edit Strokes: select, move, delete, draw and reorder strokes, by pointer or by keys alone. */
import { button, html, keepEvents, toggle } from "./dom.js";
import { Drawing } from "./drawing.js";
import { Edits, edited, inUnitsOf } from "./edits.js";
import { fitChain } from "./fit.js";
import { boxElement, handleElements, markElement, sketchElements, trailElement } from "./marks.js";
import { curvePoints, distanceTo, living, readBatch, rounded } from "./strokes.js";
import { text } from "./texts.js";

const NEAR = 7; // px of the screen, within which a pointer meets a curve or a point
const STILL = 3; // px of the screen that a click may move
const STEP = 1; // px of the canvas by an arrow key; with Shift ten times as far
const TOOLS = { select: "v", draw: "d", view: "m" };

export class Editor {
  /** @param {(text: string) => void} onChange is told of the edits, as JSON, whenever a person changes something */
  constructor(onChange) {
    this.edits = new Edits(onChange);
    this.isReadable = true;
    this.batch = null;
    this.index = 0;
    this.selected = new Set();
    this.point = null; // of the selected stroke, where keys move one alone
    this.tool = "select";
    this.nudged = null; // what the arrow keys have been moving
    this.drawing = new Drawing("application");
    this.drawing.onView = () => this.drawMarks();
    this.drawing.element.addEventListener("pointerdown", (event) => this.pointer(event));
    this.drawing.element.addEventListener("keydown", (event) => this.key(event));
    // ComfyUI leaves undo and redo to text fields, which it knows by their type; here they are ours.
    this.drawing.element.type = "textarea";
    this.element = html("div", { class: "clipasso-panel widget-expands", role: "group" });
    this.build();
    this.use(this.tool);
    this.draw();
  }

  build() {
    this.element.setAttribute("aria-label", text("editor"));
    this.sketches = html("select", { class: "clipasso-input", "aria-label": text("sketch"), onchange: () => this.choose() });
    this.said = html("span", { class: "clipasso-facts", role: "status" });
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
      row(...this.tools, button(text("fit"), () => this.drawing.reset(), text("fitTip")), this.sketches),
      this.drawing.element,
      row(...Object.values(this.buttons)),
      row(this.said),
    );
    keepEvents(this.element);
  }

  // --- what is edited --------------------------------------------------------------------------------------------

  /** Take over edits of a workflow, and the strokes that it keeps. @param {string} edits @param {any} document */
  take(edits, document) {
    this.isReadable = this.edits.read(edits);
    this.setBatch(readBatch(document) ?? this.batch);
  }

  /** Edit the strokes that came into the node. @param {any} document */
  show(document) {
    const batch = readBatch(document);
    if (batch) this.setBatch(batch);
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
    return this.isReady ? living(edited(this.batch, this.index, this.edits)) : [];
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
      undo: this.isReady && this.edits.operations.length > 0,
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
    this.changed(text("cleared"));
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

  add(points) {
    const strokes = this.strokes;
    const middle = strokes.map((stroke) => stroke.width).sort((a, b) => a - b)[strokes.length >> 1];
    const width = rounded(middle ?? (3 * Math.max(this.batch.width, this.batch.height)) / 224);
    const taken = new Set(edited(this.batch, this.index, this.edits).map((stroke) => stroke.id));
    this.push({ do: "add", points: inUnitsOf(this.batch, this.edits, points), width });
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

  // --- pointer ---------------------------------------------------------------------------------------------------

  pointer(event) {
    if (event.button !== 0 || !this.isReady) return;
    if (this.tool === "view") this.drawing.dragView(event);
    else if (this.tool === "draw") this.drawFreehand(event);
    else this.pick(event);
  }

  pick(event) {
    const at = this.drawing.at(event);
    const near = NEAR / this.drawing.pixels;
    const handle = this.handleAt(at, near);
    if (handle) {
      this.dragPoints(event, at, handle);
      return;
    }
    const hit = this.strokeAt(at, near);
    if (!hit) {
      this.dragBox(event, at);
      return;
    }
    if (event.shiftKey && this.selected.has(hit.id)) this.selected.delete(hit.id);
    else if (event.shiftKey) this.selected.add(hit.id);
    else if (!this.selected.has(hit.id)) this.selected = new Set([hit.id]);
    this.point = null;
    this.draw();
    this.saySelected();
    if (this.selected.has(hit.id)) this.dragPoints(event, at, null);
  }

  /** @returns {{index: number}|null} which control point of the selected stroke is there */
  handleAt(at, near) {
    if (this.selected.size !== 1) return null;
    const { points } = this.strokes.find((stroke) => this.selected.has(stroke.id));
    const away = points.map(([x, y]) => Math.hypot(x - at[0], y - at[1]));
    const nearest = Math.min(...away);
    return nearest <= near ? { index: away.lastIndexOf(nearest) } : null;
  }

  /** @returns {import("./strokes.js").Stroke|undefined} the uppermost stroke there */
  strokeAt(at, near) {
    const isThere = (stroke) => distanceTo(stroke.points, at) <= Math.max(near, stroke.width / 2);
    return this.strokes.findLast(isThere);
  }

  /** Move one point of the selected stroke, or all points of all selected ones. */
  dragPoints(event, from, handle) {
    const before = new Map(this.strokes.filter(({ id }) => this.selected.has(id)).map(({ id, points }) => [id, points]));
    this.point = handle?.index ?? null;
    let hasMoved = false;
    const follow = (moved) => {
      const to = this.drawing.at(moved);
      const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
      if (!hasMoved && Math.hypot(dx, dy) * this.drawing.pixels < STILL) return;
      this.move(shifted(before, dx, dy, this.point), hasMoved);
      hasMoved = true;
    };
    this.drawing.drag(event, follow);
    this.drawMarks();
  }

  dragBox(event, from) {
    const before = event.shiftKey ? new Set(this.selected) : new Set();
    this.selected = new Set(before);
    this.draw();
    const follow = (moved) => {
      const to = this.drawing.at(moved);
      const [low, high] = [Math.min, Math.max].map((pick) => [0, 1].map((axis) => pick(from[axis], to[axis])));
      const isInside = ([x, y]) => x >= low[0] && x <= high[0] && y >= low[1] && y <= high[1];
      const met = this.strokes.filter((stroke) => curvePoints(stroke.points).some(isInside));
      this.selected = new Set([...before, ...met.map((stroke) => stroke.id)]);
      this.draw();
      this.drawing.over.append(boxElement(low, high));
    };
    this.drawing.drag(event, follow, () => this.draw());
  }

  drawFreehand(event) {
    const points = [this.drawing.at(event)];
    const trail = trailElement(points);
    this.drawing.over.append(trail);
    const follow = (moved) => {
      const all = moved.getCoalescedEvents?.() ?? [];
      points.push(...(all.length > 0 ? all : [moved]).map((one) => this.drawing.at(one)));
      trail.setAttribute("points", points.map((point) => point.map(rounded).join()).join(" "));
    };
    this.drawing.drag(event, follow, () => {
      const chain = fitChain(points, Math.floor(this.numPoints / 3));
      if (chain) this.add(chain);
      else this.draw();
    });
  }

  // --- keys ------------------------------------------------------------------------------------------------------

  /** @param {KeyboardEvent} event on the drawing */
  key(event) {
    const isCommand = event.ctrlKey || event.metaKey;
    if (event.altKey || !this.isReady) return;
    const does = isCommand ? this.commandOf(event) : this.actionOf(event);
    if (does) does();
    else if (isCommand || !this.drawing.key(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  commandOf(event) {
    const key = event.key.toLowerCase();
    if (key === "z") return () => (event.shiftKey ? this.redo() : this.undo());
    return { y: () => this.redo(), a: () => this.selectAll() }[key];
  }

  actionOf(event) {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const by = event.shiftKey ? 10 * STEP : STEP;
    const arrows = { ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, -by], ArrowDown: [0, by] };
    if (arrows[key]) return this.selected.size > 0 ? () => this.nudge(...arrows[key]) : null;
    const tool = Object.keys(TOOLS).find((name) => TOOLS[name] === key);
    if (tool) return () => this.use(tool);
    return {
      n: () => this.selectNext(event.shiftKey ? -1 : 1),
      h: () => this.selectPoint(event.shiftKey ? -1 : 1),
      a: () => this.addLevel(),
      Delete: () => this.remove(),
      Backspace: () => this.remove(),
      PageUp: () => this.place(-1),
      PageDown: () => this.place(1),
      Escape: () => this.leave(),
    }[key];
  }

  nudge(dx, dy) {
    const what = `${[...this.selected]} ${this.point}`;
    const chosen = this.strokes.filter((stroke) => this.selected.has(stroke.id));
    const before = new Map(chosen.map(({ id, points }) => [id, points]));
    this.move(shifted(before, dx, dy, this.point), this.nudged === what);
    this.nudged = what;
  }

  selectNext(by) {
    const ids = this.strokes.map((stroke) => stroke.id);
    if (ids.length === 0) return;
    const now = ids.findIndex((id) => this.selected.has(id));
    const next = now < 0 ? (by > 0 ? 0 : ids.length - 1) : (now + by + ids.length) % ids.length;
    [this.selected, this.point, this.nudged] = [new Set([ids[next]]), null, null];
    this.draw();
    this.saySelected();
  }

  selectPoint(by) {
    const chosen = this.strokes.find((stroke) => this.selected.has(stroke.id));
    if (this.selected.size !== 1) return;
    const count = chosen.points.length;
    this.point = this.point === null ? (by > 0 ? 0 : count - 1) : (this.point + by + count) % count;
    this.nudged = null;
    this.drawMarks();
    this.say(text("selectedPoint", { at: this.point + 1, count }));
  }

  selectAll() {
    this.selected = new Set(this.strokes.map((stroke) => stroke.id));
    this.draw();
  }

  /** Add a level stroke in the middle of the view, for those who draw without a pointer. */
  addLevel() {
    const [x, y] = this.drawing.middle;
    const half = this.batch.width / this.drawing.view.scale / 8;
    const count = this.numPoints;
    this.add(Array.from({ length: count }, (_, i) => [x - half + (2 * half * i) / (count - 1), y]));
  }

  leave() {
    if (this.point === null) this.selected.clear();
    this.point = null;
    this.draw();
  }
}

/** Return points of strokes that are moved: all of them, or one alone with those neighbours that lie just there. */
function shifted(strokes, dx, dy, index) {
  const move = (points) => {
    const moves = index === null ? points.map(() => true) : together(points, index);
    return points.map(([x, y], i) => (moves[i] ? [x + dx, y + dy] : [x, y]));
  };
  return new Map([...strokes].map(([id, points]) => [id, move(points)]));
}

/** Segments without a length pad a stroke: their points stay together. */
function together(points, index) {
  const moves = points.map((_, i) => i === index);
  const isThere = (i) => points[i]?.[0] === points[index][0] && points[i]?.[1] === points[index][1];
  for (let i = index + 1; isThere(i); i++) moves[i] = true;
  for (let i = index - 1; isThere(i); i--) moves[i] = true;
  return moves;
}
