/**
 * Strokes in the page: read from the JSON that nodes send (clipasso_core/strokes_json.py), measured, written as SVG.
 *
 * Nothing here touches the page, so that it runs in tests without one. Only numbers get through: whatever else a message
 * holds never becomes part of a document.
 *
 * @typedef {[number, number]} Point x and y, px of the canvas
 * @typedef {{id: number, points: Point[], width: number, color: number[], alive: boolean}} Stroke
 * @typedef {{height: number, width: number, numGiven: number, sketches: Stroke[][]}} Batch
 */

/** Straight RGBA, of strokes that say nothing of a colour. */
export const BLACK = [0, 0, 0, 1];

const STEPS = 16; // chords per cubic, where a curve is measured

/** @param {(one: any) => boolean} isOne @returns {(value: any) => boolean} whether a value is a list of such */
export const isListOf = (isOne) => (value) => Array.isArray(value) && value.every((one) => isOne(one));

/** @param {unknown} value @returns {number} a finite number; 0 for anything else */
function number(value) {
  const found = typeof value === "number" ? value : 0;
  return Number.isFinite(found) ? found : 0;
}

// Lists where lists must be; what is no number in them becomes 0.
const isStroke = ({ points, color }) => isListOf(Array.isArray)(points) && Array.isArray(color ?? BLACK);
const isSketch = (sketch) => isListOf((stroke) => stroke && isStroke(stroke))(sketch?.strokes);

/**
 * Read a batch of sketches.
 *
 * @param {any} document what strokes_document() in Python returns
 * @returns {Batch|null} null where it is none
 */
export function readBatch(document) {
  if (document?.format !== "clipasso-strokes" || document.version !== 1) return null;
  if (!isListOf(isSketch)(document.sketches) || document.sketches.length === 0) return null;
  if (!Array.isArray(document.canvas_size) || document.canvas_size.length !== 2) return null;
  const [height, width] = document.canvas_size.map(number);
  const sketches = document.sketches.map((sketch) =>
    sketch.strokes.map((stroke, id) => ({
      id,
      points: stroke.points.map(([x, y]) => [number(x), number(y)]),
      width: number(stroke.width),
      color: (stroke.color ?? BLACK).map(number),
      alive: stroke.alive !== false,
    })),
  );
  return { height, width, numGiven: number(document.num_given), sketches };
}

/**
 * Put together what a node said of each item of a list that came in, as if it were one batch. Sketches of another canvas than
 * the first one's are counted, not shown.
 *
 * @param {any[]} messages see nodes/viewer_data.py
 * @returns {any} such a message
 */
export function joined(messages) {
  const [first] = messages;
  if (messages.length === 1) return first;
  const isAlike = ({ strokes }) => String(strokes.canvas_size) === String(first.strokes.canvas_size);
  const all = (name) => messages.filter(isAlike).flatMap((one) => one[name] ?? []);
  const sketches = all("strokes").flatMap((strokes) => strokes.sketches);
  const count = messages.reduce((sum, one) => sum + one.num_sketches, 0);
  return { ...first, strokes: { ...first.strokes, sketches }, num_sketches: count, runs: all("runs"), photos: all("photos") };
}

/** @param {Point[]} points of joined cubics @returns {string} SVG path data */
export function pathData(points) {
  const pairs = points.map(([x, y]) => `${rounded(x)} ${rounded(y)}`);
  return `M ${pairs[0]} C ${pairs.slice(1).join(" ")}`;
}

/** @param {number} value px @returns {number} with two decimals */
export const rounded = (value) => Math.round(value * 100) / 100;

/** @param {number[]} color straight RGBA in 0-1 @returns {string} as #rrggbb */
export function hexColor(color) {
  const bytes = color.slice(0, 3).map((part) => Math.round(Math.min(Math.max(part, 0), 1) * 255));
  return `#${bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** @param {Point[]} cubic four points @param {number} t 0-1 @returns {Point} on the curve */
export function cubicPoint(cubic, t) {
  const s = 1 - t;
  const weights = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
  return [0, 1].map((axis) => weights.reduce((sum, weight, i) => sum + weight * cubic[i][axis], 0));
}

/** @param {Point[]} points of joined cubics @returns {Point[]} points on the curve, evenly along each cubic's t */
export function curvePoints(points) {
  const found = [points[0]];
  for (let first = 0; first + 3 < points.length; first += 3) {
    const cubic = points.slice(first, first + 4);
    for (let step = 1; step <= STEPS; step++) found.push(cubicPoint(cubic, step / STEPS));
  }
  return found;
}

/** @param {Point[]} points of joined cubics @param {Point} at @returns {number} px from the curve, nearly */
export function distanceTo(points, at) {
  const chain = curvePoints(points);
  let nearest = Infinity;
  for (let i = 0; i + 1 < chain.length; i++) nearest = Math.min(nearest, toChord(at, chain[i], chain[i + 1]));
  return nearest;
}

function toChord(at, start, end) {
  const [dx, dy] = [end[0] - start[0], end[1] - start[1]];
  const square = dx * dx + dy * dy;
  const along = square === 0 ? 0 : ((at[0] - start[0]) * dx + (at[1] - start[1]) * dy) / square;
  const t = Math.min(Math.max(along, 0), 1);
  return Math.hypot(at[0] - start[0] - t * dx, at[1] - start[1] - t * dy);
}

/** @param {Stroke[]} strokes @returns {Stroke[]} those that are drawn */
export const living = (strokes) => strokes.filter((stroke) => stroke.alive);

/**
 * Write one sketch as an SVG document of its own, in the form of the files that our nodes save.
 *
 * @param {Batch} batch of which canvas
 * @param {Stroke[]} strokes in drawing order
 * @returns {string}
 */
export function svgText(batch, strokes) {
  const size = `width="${batch.width}" height="${batch.height}" viewBox="0 0 ${batch.width} ${batch.height}"`;
  const paths = living(strokes).map(({ points, width, color }) => {
    const opacity = color[3] < 1 ? ` stroke-opacity="${rounded(color[3])}"` : "";
    const look = `stroke="${hexColor(color)}" stroke-width="${rounded(width)}"${opacity}`;
    return `    <path ${look} d="${pathData(points)}"/>\n`;
  });
  const group = '<g fill="none" stroke-linecap="round" stroke-linejoin="round">';
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size}>\n  ${group}\n${paths.join("")}  </g>\n</svg>\n`;
}

/**
 * Move points of strokes: all of them, or one alone with those neighbours that lie just there.
 *
 * @param {Map<number, Point[]>} strokes their points by number
 * @param {number} dx @param {number} dy px of the canvas
 * @param {number|null} index of the point that moves alone
 * @returns {Map<number, Point[]>}
 */
export function shifted(strokes, dx, dy, index) {
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
