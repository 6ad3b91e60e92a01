/** The editor by keys alone: what each key does, and the steps that only keys take. */
import { shifted } from "./strokes.js";
import { text } from "./texts.js";

const STEP = 1; // px of the canvas by an arrow key; with Shift ten times as far
export const TOOLS = { select: "v", draw: "d", view: "m" };

/** Do what a key says. @param {import("./editor.js").Editor} editor @param {KeyboardEvent} event on the drawing */
export function useKey(editor, event) {
  const isCommand = event.ctrlKey || event.metaKey;
  if (event.altKey || !editor.isReady) return;
  const does = isCommand ? commandOf(editor, event) : actionOf(editor, event);
  if (does) does();
  else if (isCommand || !editor.drawing.key(event)) return;
  event.preventDefault();
  event.stopPropagation();
}

function commandOf(editor, event) {
  const key = event.key.toLowerCase();
  if (key === "z") return () => (event.shiftKey ? editor.redo() : editor.undo());
  return { y: () => editor.redo(), a: () => selectAll(editor) }[key];
}

function actionOf(editor, event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const by = event.shiftKey ? 10 * STEP : STEP;
  const arrows = { ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, -by], ArrowDown: [0, by] };
  if (arrows[key]) return editor.selected.size > 0 ? () => nudge(editor, ...arrows[key]) : null;
  const tool = Object.keys(TOOLS).find((name) => TOOLS[name] === key);
  if (tool) return () => editor.use(tool);
  return {
    n: () => selectNext(editor, event.shiftKey ? -1 : 1),
    h: () => selectPoint(editor, event.shiftKey ? -1 : 1),
    a: () => addLevel(editor),
    Delete: () => editor.remove(),
    Backspace: () => editor.remove(),
    PageUp: () => editor.place(-1),
    PageDown: () => editor.place(1),
    Escape: () => leave(editor),
  }[key];
}

function nudge(editor, dx, dy) {
  const what = `${[...editor.selected]} ${editor.point}`;
  editor.move(shifted(editor.selectedPoints, dx, dy, editor.point), editor.nudged === what);
  editor.nudged = what;
}

function selectNext(editor, by) {
  const ids = editor.strokes.map((stroke) => stroke.id);
  if (ids.length === 0) return;
  const now = ids.findIndex((id) => editor.selected.has(id));
  const next = now < 0 ? (by > 0 ? 0 : ids.length - 1) : (now + by + ids.length) % ids.length;
  [editor.selected, editor.point, editor.nudged] = [new Set([ids[next]]), null, null];
  editor.draw();
  editor.saySelected();
}

function selectPoint(editor, by) {
  if (editor.selected.size !== 1) return;
  const [points] = editor.selectedPoints.values();
  const count = points.length;
  editor.point = editor.point === null ? (by > 0 ? 0 : count - 1) : (editor.point + by + count) % count;
  editor.nudged = null;
  editor.drawMarks();
  editor.say(text("selectedPoint", { at: editor.point + 1, count }));
}

function selectAll(editor) {
  editor.selected = new Set(editor.strokes.map((stroke) => stroke.id));
  editor.draw();
}

/** Add a level stroke in the middle of the view, for those who draw without a pointer. */
function addLevel(editor) {
  const [x, y] = editor.drawing.middle;
  const half = editor.batch.width / editor.drawing.view.scale / 8;
  const count = editor.numPoints;
  editor.add(Array.from({ length: count }, (_, i) => [x - half + (2 * half * i) / (count - 1), y]));
}

function leave(editor) {
  if (editor.point === null) editor.selected.clear();
  editor.point = null;
  editor.draw();
}
