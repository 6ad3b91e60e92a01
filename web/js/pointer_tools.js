/** What the pointer does in the editor: pick strokes, move them or a point, draw one freehand. */
import { perFrame } from "./dom.js";
import { fitChain } from "./fit.js";
import { boxElement, trailElement } from "./marks.js";
import { curvePoints, distanceTo, rounded, shifted } from "./strokes.js";

const NEAR = 7; // px of the screen, within which a pointer meets a curve or a point
const STILL = 3; // px of the screen that a click may move

/** Do what the chosen tool does. @param {import("./editor.js").Editor} editor @param {PointerEvent} event */
export function usePointer(editor, event) {
  if (!event.isPrimary || event.button !== 0 || !editor.isReady) return;
  if (editor.tool === "view") editor.drawing.dragView(event);
  else if (editor.tool === "draw") drawFreehand(editor, event);
  else pick(editor, event);
}

function pick(editor, event) {
  const at = editor.drawing.at(event);
  const near = NEAR / editor.drawing.pixels;
  const handle = handleAt(editor, at, near);
  if (handle) {
    dragPoints(editor, event, at, handle);
    return;
  }
  const hit = strokeAt(editor, at, near);
  if (!hit) {
    dragBox(editor, event, at);
    return;
  }
  if (event.shiftKey && editor.selected.has(hit.id)) editor.selected.delete(hit.id);
  else if (event.shiftKey) editor.selected.add(hit.id);
  else if (!editor.selected.has(hit.id)) editor.selected = new Set([hit.id]);
  editor.point = null;
  editor.draw();
  editor.saySelected();
  if (editor.selected.has(hit.id)) dragPoints(editor, event, at, null);
}

/** @returns {{index: number}|null} which control point of the selected stroke is there */
function handleAt(editor, at, near) {
  if (editor.selected.size !== 1) return null;
  const [points] = editor.selectedPoints.values();
  const away = points.map(([x, y]) => Math.hypot(x - at[0], y - at[1]));
  const nearest = Math.min(...away);
  return nearest <= near ? { index: away.lastIndexOf(nearest) } : null;
}

/** @returns {import("./strokes.js").Stroke|undefined} the uppermost stroke there */
function strokeAt(editor, at, near) {
  const isThere = (stroke) => distanceTo(stroke.points, at) <= Math.max(near, stroke.width / 2);
  return editor.strokes.findLast(isThere);
}

/** Move one point of the selected stroke, or all points of all selected ones. */
function dragPoints(editor, event, from, handle) {
  const before = editor.selectedPoints;
  editor.point = handle?.index ?? null;
  let hasMoved = false;
  const follow = perFrame((moved) => {
    const to = editor.drawing.at(moved);
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    if (!hasMoved && Math.hypot(dx, dy) * editor.drawing.pixels < STILL) return;
    editor.move(shifted(before, dx, dy, editor.point), hasMoved);
    hasMoved = true;
  });
  editor.drawing.drag(event, follow, follow.finish);
  editor.drawMarks();
}

function dragBox(editor, event, from) {
  const before = event.shiftKey ? new Set(editor.selected) : new Set();
  editor.selected = new Set(before);
  editor.draw();
  const follow = perFrame((moved) => {
    const to = editor.drawing.at(moved);
    const [low, high] = [Math.min, Math.max].map((pick) => [0, 1].map((axis) => pick(from[axis], to[axis])));
    const isInside = ([x, y]) => x >= low[0] && x <= high[0] && y >= low[1] && y <= high[1];
    const met = editor.strokes.filter((stroke) => curvePoints(stroke.points).some(isInside));
    editor.selected = new Set([...before, ...met.map((stroke) => stroke.id)]);
    editor.draw();
    editor.drawing.over.append(boxElement(low, high));
  });
  const end = () => {
    follow.finish();
    editor.draw();
  };
  editor.drawing.drag(event, follow, end);
}

function drawFreehand(editor, event) {
  const points = [editor.drawing.at(event)];
  const trail = trailElement(points);
  editor.drawing.over.append(trail);
  const follow = (moved) => {
    const all = moved.getCoalescedEvents?.() ?? [];
    points.push(...(all.length > 0 ? all : [moved]).map((one) => editor.drawing.at(one)));
    trail.setAttribute("points", points.map((point) => point.map(rounded).join()).join(" "));
  };
  const end = () => {
    const chain = fitChain(points, Math.floor(editor.numPoints / 3));
    if (chain) editor.add(chain);
    else editor.draw();
  };
  editor.drawing.drag(event, follow, end);
}
