/** A drawing of strokes as SVG elements, sharp at any zoom: layers, and a view that is zoomed and moved. */
import { app } from "../../../scripts/app.js";
import { button, svg } from "./dom.js";
import { hexColor, pathData } from "./strokes.js";
import { text } from "./texts.js";

const CLOSEST = 64; // times, zoomed in
const FARTHEST = 0.25;
const ZOOM_STEP = 1.25;
const NOTCH = 100; // of a wheel, which is one step; touchpads send many small parts of it
const MOST_NOTCHES = 2; // by one event
const PAN_STEP = 0.1; // of the view, by an arrow key

/**
 * @property {SVGSVGElement} element
 * @property {SVGImageElement} photo lies beneath the strokes, as saliency does
 * @property {SVGGElement} strokes where strokes are drawn
 * @property {SVGGElement} over what lies over them: handles and marks
 */
export class Drawing {
  /** @param {string} role of the element, for screen readers */
  constructor(role) {
    this.paper = svg("rect", { x: 0, y: 0, class: "clipasso-paper" });
    const picture = { x: 0, y: 0, preserveAspectRatio: "none", display: "none" };
    this.photo = svg("image", { ...picture, opacity: 0.55 });
    this.saliency = svg("image", { ...picture, class: "clipasso-saliency" });
    const group = { fill: "none", "stroke-linecap": "round", "stroke-linejoin": "round" };
    this.beneath = svg("g", { ...group, opacity: 0.35 });
    this.strokes = svg("g", group);
    this.over = svg("g");
    const layers = [this.paper, this.photo, this.saliency, this.beneath, this.strokes, this.over];
    this.element = svg("svg", { class: "clipasso-drawing", tabindex: 0, role, "data-capture-wheel": "true" }, ...layers);
    this.size = [1, 1];
    this.onView = () => {};
    this.reset();
    this.element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.element.addEventListener("pointerdown", () => this.element.focus({ preventScroll: true }));
  }

  /** Set the canvas, px; another one shows all of it. */
  setCanvas(width, height) {
    if (this.size[0] === width && this.size[1] === height) return;
    this.size = [width, height];
    for (const one of [this.paper, this.photo, this.saliency]) {
      one.setAttribute("width", width);
      one.setAttribute("height", height);
    }
    this.reset();
  }

  /** Show a picture beneath, or none. @param {"photo"|"saliency"} layer @param {string|null} address */
  setPicture(layer, address) {
    this[layer].setAttribute("display", address ? "inline" : "none");
    if (address) this[layer].setAttribute("href", address);
  }

  /** Show the whole canvas. */
  reset() {
    const [width, height] = this.size;
    this.view = { x: 0, y: 0, scale: 1 };
    this.element.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.onView();
  }

  /** @param {number} x @param {number} y @param {number} scale 1 shows the whole canvas */
  look(x, y, scale) {
    const [width, height] = this.size;
    this.view = { x, y, scale };
    this.element.setAttribute("viewBox", `${x} ${y} ${width / scale} ${height / scale}`);
    this.onView();
  }

  /** Zoom and keep a point where it is. @param {number} factor @param {[number, number]} at px of the canvas */
  zoom(factor, at = this.middle) {
    const scale = Math.min(Math.max(this.view.scale * factor, FARTHEST), CLOSEST);
    const share = this.view.scale / scale;
    this.look(at[0] - (at[0] - this.view.x) * share, at[1] - (at[1] - this.view.y) * share, scale);
  }

  /** @returns {[number, number]} px of the canvas, in the middle of the view */
  get middle() {
    const { x, y, scale } = this.view;
    return [x + this.size[0] / scale / 2, y + this.size[1] / scale / 2];
  }

  /** Move what is seen. @param {number} dx @param {number} dy px of the canvas */
  pan(dx, dy) {
    this.look(this.view.x + dx, this.view.y + dy, this.view.scale);
  }

  /** @returns {number} px of the screen that a px of the canvas takes, the page's own zoom counted */
  get pixels() {
    const box = this.element.getBoundingClientRect();
    return Math.min(box.width / this.size[0], box.height / this.size[1]) * this.view.scale || 1;
  }

  /** @param {MouseEvent} event @returns {[number, number]} where it is, px of the canvas */
  at(event) {
    const box = this.element.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
    return [this.middle[0] + x / this.pixels, this.middle[1] + y / this.pixels];
  }

  /** Zoom where the drawing has been clicked on; else the wheel is the graph's. */
  wheel(event) {
    event.preventDefault();
    event.stopPropagation();
    if (document.activeElement === this.element) {
      const notches = Math.min(Math.max(-event.deltaY / NOTCH, -MOST_NOTCHES), MOST_NOTCHES);
      this.zoom(ZOOM_STEP ** notches, this.at(event));
      return;
    }
    app.canvas?.canvas?.dispatchEvent(new WheelEvent("wheel", event));
  }

  /** @returns {HTMLButtonElement[]} for the view: all of it, farther, closer; a finger has no wheel and no keys */
  buttons() {
    return [
      button(text("fit"), () => this.reset(), text("fitTip")),
      button("−", () => this.zoom(1 / ZOOM_STEP), text("farther")),
      button("+", () => this.zoom(ZOOM_STEP), text("closer")),
    ];
  }

  /** Do what a key says about the view. @param {KeyboardEvent} event @returns {boolean} whether it says anything */
  key(event) {
    const step = (PAN_STEP * Math.min(...this.size)) / this.view.scale;
    const does = {
      "+": () => this.zoom(ZOOM_STEP),
      "=": () => this.zoom(ZOOM_STEP),
      "-": () => this.zoom(1 / ZOOM_STEP),
      0: () => this.reset(),
      ArrowLeft: () => this.pan(-step, 0),
      ArrowRight: () => this.pan(step, 0),
      ArrowUp: () => this.pan(0, -step),
      ArrowDown: () => this.pan(0, step),
    }[event.key];
    does?.();
    return Boolean(does);
  }

  /** Move the view as long as the pointer is held. @param {PointerEvent} event that it went down with */
  dragView(event) {
    const start = this.at(event);
    this.drag(event, (moved) => {
      const now = this.at(moved);
      this.pan(start[0] - now[0], start[1] - now[1]);
    });
  }

  /**
   * Follow a pointer until it is let go; what other fingers do meanwhile is nothing.
   *
   * @param {PointerEvent} event that it went down with
   * @param {(event: PointerEvent) => void} onMove
   * @param {(event: PointerEvent) => void} onEnd also where the browser took it away
   */
  drag(event, onMove, onEnd = () => {}) {
    const element = this.element;
    element.setPointerCapture(event.pointerId);
    const ofThis = (work) => (other) => other.pointerId === event.pointerId && work(other);
    const move = ofThis(onMove);
    const end = ofThis((last) => {
      element.removeEventListener("pointermove", move);
      element.removeEventListener("pointerup", end);
      element.removeEventListener("pointercancel", end);
      onEnd(last);
    });
    element.addEventListener("pointermove", move);
    element.addEventListener("pointerup", end);
    element.addEventListener("pointercancel", end);
  }
}

/**
 * Make the element of a stroke.
 *
 * @param {import("./strokes.js").Stroke} stroke
 * @param {number} part how much of it is drawn, from its start, 0-1
 */
export function strokeElement(stroke, part = 1) {
  const partly = part < 1 ? { pathLength: 1, "stroke-dasharray": `${part} 2` } : {};
  return svg("path", {
    d: pathData(stroke.points),
    stroke: hexColor(stroke.color),
    "stroke-width": stroke.width,
    "stroke-opacity": stroke.color[3] < 1 ? stroke.color[3] : null,
    ...partly,
  });
}
