/**
 * Edits in the page: the list of operations that clipasso_core/edits.py makes again in every run. The list is the history,
 * too: undo takes its last operation away, after a reload as before. Lists that were cleared come back by undo as well, as
 * long as the page is not reloaded.
 */
import { BLACK, isListOf, rounded } from "./strokes.js";

const CLEAR = "clear"; // an operation of the page alone: only redo meets it

export class Edits {
  /** @param {(text: string) => void} onChange is told of the new text whenever a person changes something */
  constructor(onChange = () => {}) {
    this.onChange = onChange;
    this.madeFor = null;
    this.operations = [];
    this.undone = [];
    this.cleared = []; // lists that clear() took away, with what they were made for
    this.version = 0; // another one after each change
  }

  /** Take over what a workflow holds. @param {string} text JSON, or empty @returns {boolean} whether it can be read */
  read(text) {
    [this.undone, this.cleared] = [[], []];
    [this.madeFor, this.operations] = [null, []];
    this.version++;
    if (!text?.trim()) return true;
    try {
      const found = JSON.parse(text);
      if (!isReadable(found)) return false;
      [this.madeFor, this.operations] = [found.made_for, found.operations];
      return true;
    } catch {
      return false;
    }
  }

  /** @returns {string} for the workflow; empty where nothing was changed */
  get text() {
    if (this.operations.length === 0) return "";
    const whole = { format: "clipasso-edits", version: 1, made_for: this.madeFor, operations: this.operations };
    return JSON.stringify(whole);
  }

  /** @param {import("./strokes.js").Batch} batch @returns {boolean} whether the edits were made for strokes like these */
  fit(batch) {
    if (this.operations.length === 0) return true;
    const [now, then] = [madeForOf(batch), this.madeFor];
    const [height, width] = then?.canvas_size ?? [1, 1];
    const sameAspect = Math.abs((batch.width * height) / (batch.height * width) - 1) <= 0.01;
    return now.num_strokes === then?.num_strokes && now.num_points === then.num_points && sameAspect;
  }

  /**
   * Add an operation.
   *
   * @param {import("./strokes.js").Batch} batch the strokes that are edited
   * @param {object} operation
   * @param {boolean} goesOn whether it takes the place of the last one: the same move, continued
   */
  push(batch, operation, goesOn = false) {
    if (this.operations.length === 0) this.madeFor = madeForOf(batch);
    if (goesOn && this.operations.length > 0) this.operations.pop();
    this.operations.push(operation);
    this.undone = [];
    this.change();
  }

  change() {
    this.version++;
    this.onChange(this.text);
  }

  /** @returns {boolean} whether there is anything to undo */
  get canUndo() {
    return this.operations.length > 0 || this.cleared.length > 0;
  }

  /** @returns {boolean} whether there was anything to undo */
  undo() {
    if (!this.canUndo) return false;
    if (this.operations.length > 0) this.undone.push(this.operations.pop());
    else {
      [this.madeFor, this.operations] = this.cleared.pop();
      this.undone.push({ do: CLEAR });
    }
    this.change();
    return true;
  }

  /** @returns {boolean} whether there was anything to redo */
  redo() {
    if (this.undone.length === 0) return false;
    const operation = this.undone.pop();
    if (operation.do === CLEAR) this.takeAway();
    else this.operations.push(operation);
    this.change();
    return true;
  }

  clear() {
    this.takeAway();
    this.undone = [];
    this.change();
  }

  takeAway() {
    if (this.operations.length > 0) this.cleared.push([this.madeFor, this.operations]);
    this.operations = [];
  }
}

const isWhole = (value) => Number.isInteger(value) && value >= 0;
const isNumbers = (count) => (value) => isListOf(Number.isFinite)(value) && value.length === count;

/** @param {any} found a whole text of edits @returns {boolean} whether it has the form that Python takes, too */
function isReadable(found) {
  const { format, version, made_for: made, operations } = found ?? {};
  if (format !== "clipasso-edits" || version !== 1 || !isWhole(made?.num_strokes) || !isWhole(made.num_points)) return false;
  const isSize = isNumbers(2)(made.canvas_size) && made.canvas_size.every((side) => side > 0);
  return isSize && isListOf((one) => isOperation(one, made.num_points))(operations);
}

/** @param {any} one @param {number} numPoints of each stroke @returns {boolean} whether it is an operation */
function isOperation(one, numPoints) {
  if (!isWhole(one?.sketch ?? 0)) return false;
  const isPoints = (value) => isListOf(isNumbers(2))(value) && value.length === numPoints;
  const isNamed = isListOf(isWhole)(one?.strokes);
  const isRight = {
    add: () => isPoints(one.points) && Number.isFinite(one.width) && isNumbers(4)(one.color ?? BLACK),
    delete: () => isNamed,
    move: () => isNamed && isListOf(isPoints)(one.points) && one.points.length === one.strokes.length,
    place: () => isNamed && isWhole(one.before ?? 0),
  };
  return Object.hasOwn(isRight, one?.do) && isRight[one.do]();
}

/** Say what edits of a batch are made for. */
function madeForOf(batch) {
  const [first] = batch.sketches;
  return {
    num_strokes: first.length,
    num_points: first[0]?.points.length ?? 4,
    canvas_size: [batch.height, batch.width],
  };
}

/**
 * Make edits on one sketch.
 *
 * @param {import("./strokes.js").Batch} batch
 * @param {number} sketch which of it
 * @param {Edits} edits which fit the batch
 * @returns {import("./strokes.js").Stroke[]} in drawing order; deleted ones are not alive, added ones follow in number
 */
export function edited(batch, sketch, edits) {
  const scale = scaleOf(batch, edits);
  const placed = (points) => points.map(([x, y]) => [x * scale[0], y * scale[1]]);
  let strokes = batch.sketches[sketch].map((stroke) => ({ ...stroke }));
  const get = (id) => strokes.find((stroke) => stroke.id === id);
  for (const operation of edits.operations) {
    if ((operation.sketch ?? 0) !== sketch) continue;
    const named = (operation.strokes ?? []).map(get).filter(Boolean);
    if (operation.do === "delete") named.forEach((stroke) => (stroke.alive = false));
    if (operation.do === "move") named.forEach((stroke, i) => (stroke.points = placed(operation.points[i])));
    if (operation.do === "add") {
      const looks = { width: operation.width * widthScale(scale), color: operation.color ?? BLACK };
      strokes.push({ id: strokes.length, points: placed(operation.points), alive: true, ...looks });
    }
    if (operation.do === "place") {
      const others = strokes.filter((stroke) => !named.includes(stroke));
      const at = others.findIndex((stroke) => stroke.id === operation.before);
      strokes = others.toSpliced(at < 0 ? others.length : at, 0, ...named);
    }
  }
  return strokes;
}

/** @returns {[number, number]} px of the canvas that a px of the edits takes, in x and y */
function scaleOf(batch, edits) {
  if (edits.operations.length === 0) return [1, 1];
  const [height, width] = edits.madeFor.canvas_size;
  return [batch.width / width, batch.height / height];
}

const widthScale = ([x, y]) => Math.sqrt(x * y);

/**
 * Bring points of the canvas into the units of the edits.
 *
 * @param {import("./strokes.js").Batch} batch
 * @param {Edits} edits
 * @param {import("./strokes.js").Point[]} points
 */
export function inUnitsOf(batch, edits, points) {
  const scale = scaleOf(batch, edits);
  return points.map((point) => point.map((part, axis) => rounded(part / scale[axis])));
}

/** Bring a stroke's width, px of the canvas, into the units of the edits; as inUnitsOf(). */
export const widthInUnitsOf = (batch, edits, width) => rounded(width / widthScale(scaleOf(batch, edits)));
