/**
 * Fit joined cubics to what a hand drew: Schneider, "An Algorithm for Automatically Fitting Digitized Curves", Graphics
 * Gems, 1990. It differs in when it stops, at so many cubics, not at a tolerance; and where so few do not follow the hand
 * with its tangents, it gives the tangents up.
 */
import { cubicPoint } from "./strokes.js";

const ROUNDS = 8; // of fitting and finding better parameters
const GOOD = 0.25; // px: a cubic that is nowhere farther from what was drawn is not split

const GIVEN_UP = 0.5; // of the error with tangents: what one without them must be below, to be taken

const minus = (a, b) => [a[0] - b[0], a[1] - b[1]];
const plus = (a, b, factor = 1) => [a[0] + factor * b[0], a[1] + factor * b[1]];
const dot = (a, b) => a[0] * b[0] + a[1] * b[1];
const length = (a) => Math.hypot(a[0], a[1]);

function unit(a) {
  const size = length(a);
  return size === 0 ? [1, 0] : [a[0] / size, a[1] / size];
}

/**
 * Fit a chain of cubics.
 *
 * @param {[number, number][]} drawn points in the order in which they were drawn
 * @param {number} segments how many cubics the chain has
 * @returns {[number, number][]|null} 3 * segments + 1 control points; cubics that are not needed have no length and come
 *   last. Null where nothing but one point was drawn.
 */
export function fitChain(drawn, segments) {
  const points = drawn.filter((point, i) => i === 0 || length(minus(point, drawn[i - 1])) > 1e-6);
  if (points.length < 2) return null;
  const last = points.length - 1;
  let pieces = [fitPiece(points, 0, last, unit(minus(points[1], points[0])), endTangent(points))];
  while (pieces.length < segments) {
    const worst = pieces.reduce((a, b) => (b.error > a.error ? b : a));
    if (worst.error <= GOOD || worst.last - worst.first < 2) break;
    pieces = pieces.flatMap((piece) => (piece === worst ? split(points, piece) : [piece]));
  }
  const chain = [points[0], ...pieces.flatMap((piece) => piece.cubic.slice(1))];
  while (chain.length < 3 * segments + 1) chain.push(chain[chain.length - 1]);
  return chain;
}

const endTangent = (points) => unit(minus(points[points.length - 2], points[points.length - 1]));

/** Split a piece where it is worst; both halves have one tangent there. */
function split(points, piece) {
  const at = Math.min(Math.max(piece.worst, piece.first + 1), piece.last - 1);
  const tangent = unit(minus(points[at - 1], points[at + 1]));
  return [
    fitPiece(points, piece.first, at, piece.start, tangent),
    fitPiece(points, at, piece.last, [-tangent[0], -tangent[1]], piece.end),
  ];
}

/** Fit one cubic to points[first..last] with given tangents at both ends. */
function fitPiece(points, first, last, start, end) {
  const part = points.slice(first, last + 1);
  let parameters = byLength(part);
  const judged = (cubic) => {
    const { error, worst } = farthest(part, parameters, cubic);
    return { cubic, error, worst: first + worst, first, last, start, end };
  };
  let best = judged(plainCubic(part, start, end));
  for (const fit of [leastSquares, freeLeastSquares]) {
    const worth = fit === freeLeastSquares ? GIVEN_UP : 1;
    parameters = byLength(part);
    for (let round = 0; round < ROUNDS; round++) {
      const found = judged(fit(part, parameters, start, end));
      if (found.error < worth * best.error) best = found;
      parameters = part.map((point, i) => newton(found.cubic, point, parameters[i]));
    }
  }
  return best;
}

/** Wu and Barsky's: inner points a third of the chord away, where the equations say nothing of use. */
function plainCubic(points, start, end) {
  const [p0, p3] = [points[0], points[points.length - 1]];
  const third = length(minus(p3, p0)) / 3;
  return [p0, plus(p0, start, third), plus(p3, end, third), p3];
}

/** Parameters in proportion to the length of the chords. */
function byLength(points) {
  const sums = [0];
  for (let i = 1; i < points.length; i++) sums.push(sums[i - 1] + length(minus(points[i], points[i - 1])));
  return sums.map((sum) => sum / sums[sums.length - 1]);
}

/** Find how far along the tangents the inner control points lie. */
function leastSquares(points, parameters, start, end) {
  const [p0, p3] = [points[0], points[points.length - 1]];
  let [c00, c01, c11, x0, x1] = [0, 0, 0, 0, 0];
  points.forEach((point, i) => {
    const [t, s] = [parameters[i], 1 - parameters[i]];
    const [b0, b1, b2, b3] = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
    const [a0, a1] = [plus([0, 0], start, b1), plus([0, 0], end, b2)];
    const rest = minus(point, plus(plus([0, 0], p0, b0 + b1), p3, b2 + b3));
    c00 += dot(a0, a0);
    c01 += dot(a0, a1);
    c11 += dot(a1, a1);
    x0 += dot(a0, rest);
    x1 += dot(a1, rest);
  });
  const determinant = c00 * c11 - c01 * c01;
  const least = 1e-6 * length(minus(p3, p0));
  const [alpha, beta] = [(x0 * c11 - x1 * c01) / determinant, (x1 * c00 - x0 * c01) / determinant];
  if (!(alpha > least && beta > least)) return plainCubic(points, start, end);
  return [p0, plus(p0, start, alpha), plus(p3, end, beta), p3];
}

/** Find both inner control points wherever they lie. */
function freeLeastSquares(points, parameters) {
  const [p0, p3] = [points[0], points[points.length - 1]];
  let [c11, c12, c22, x1, x2] = [0, 0, 0, [0, 0], [0, 0]];
  points.forEach((point, i) => {
    const [t, s] = [parameters[i], 1 - parameters[i]];
    const [b0, b1, b2, b3] = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
    const rest = minus(point, plus(plus([0, 0], p0, b0), p3, b3));
    [c11, c12, c22] = [c11 + b1 * b1, c12 + b1 * b2, c22 + b2 * b2];
    [x1, x2] = [plus(x1, rest, b1), plus(x2, rest, b2)];
  });
  const determinant = c11 * c22 - c12 * c12;
  if (!(determinant > 1e-9)) return plainCubic(points, [0, 0], [0, 0]);
  const inner = (a, b, weightA, weightB) => [0, 1].map((axis) => (a[axis] * weightA - b[axis] * weightB) / determinant);
  return [p0, inner(x1, x2, c22, c12), inner(x2, x1, c11, c12), p3];
}

function farthest(points, parameters, cubic) {
  let [error, worst] = [0, 0];
  points.forEach((point, i) => {
    const away = length(minus(cubicPoint(cubic, parameters[i]), point));
    if (away > error) [error, worst] = [away, i];
  });
  return { error, worst };
}

/** One step of Newton's method towards the parameter whose point on the cubic is nearest. */
function newton(cubic, point, t) {
  const first = [0, 1, 2].map((i) => plus([0, 0], minus(cubic[i + 1], cubic[i]), 3));
  const second = [0, 1].map((i) => plus([0, 0], minus(first[i + 1], first[i]), 2));
  const s = 1 - t;
  const away = minus(cubicPoint(cubic, t), point);
  const speed = plus(plus(plus([0, 0], first[0], s * s), first[1], 2 * s * t), first[2], t * t);
  const bend = plus(plus([0, 0], second[0], s), second[1], t);
  const slope = dot(speed, speed) + dot(away, bend);
  const better = slope === 0 ? t : t - dot(away, speed) / slope;
  return Math.min(Math.max(better, 0), 1);
}
