/** What the editor draws over strokes: which are selected, their control points, a box, the trail of a hand. */
import { svg } from "./dom.js";
import { strokeElement } from "./drawing.js";
import { pathData, rounded } from "./strokes.js";

const RADIUS = 5; // px of the screen, of a control point

/** @returns {SVGElement[]} of strokes in drawing order; the selected ones are marked */
export function sketchElements(strokes, selected) {
  return strokes.map((stroke) => {
    const element = strokeElement(stroke);
    element.dataset.stroke = stroke.id;
    if (selected.has(stroke.id)) element.classList.add("clipasso-selected");
    return element;
  });
}

/** @returns {SVGElement} a thin line along a selected stroke */
export const markElement = (stroke) =>
  svg("path", { d: pathData(stroke.points), class: "clipasso-mark", "vector-effect": "non-scaling-stroke" });

/**
 * Make the control points of a stroke, and the lines between them.
 *
 * @param {import("./strokes.js").Point[]} points
 * @param {number|null} chosen which of them keys move
 * @param {number} pixel px of the canvas that a px of the screen is
 * @returns {SVGElement[]}
 */
export function handleElements(points, chosen, pixel) {
  const levers = points.slice(1).map((point, i) => [points[i], point]).filter((_, i) => i % 3 !== 1);
  const lines = levers.map(([[x1, y1], [x2, y2]]) =>
    svg("line", { x1, y1, x2, y2, class: "clipasso-lever", "vector-effect": "non-scaling-stroke" }),
  );
  const handles = points.map(([cx, cy], i) => {
    const kind = `clipasso-handle${i % 3 === 0 ? " clipasso-joint" : ""}${i === chosen ? " clipasso-chosen" : ""}`;
    return svg("circle", { cx, cy, r: RADIUS * pixel, class: kind, "vector-effect": "non-scaling-stroke" });
  });
  return [...lines, ...handles];
}

/** @returns {SVGElement} a box between two corners */
export const boxElement = ([x, y], [right, bottom]) =>
  svg("rect", {
    ...{ x, y, width: right - x, height: bottom - y },
    ...{ class: "clipasso-box", "vector-effect": "non-scaling-stroke" },
  });

/** @returns {SVGElement} what a hand has drawn so far */
export const trailElement = (points) =>
  svg("polyline", {
    points: points.map((point) => point.map(rounded).join()).join(" "),
    ...{ class: "clipasso-mark", "vector-effect": "non-scaling-stroke" },
  });
