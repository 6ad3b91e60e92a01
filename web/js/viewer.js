/** The viewer in a node: a sketch at any zoom, as it is drawn and as it came to be, and the way out of the page. */
import { button, copyText, download, html, isPressed, keepEvents, svg, toggle } from "./dom.js";
import { Drawing, strokeElement } from "./drawing.js";
import { living, readBatch, svgText } from "./strokes.js";
import { text } from "./texts.js";

const DRAWN_IN = 4000; // ms that playing takes, in drawing order
const MOMENTS_A_SECOND = 10;
const SIDE = 1024; // px of a PNG, unless asked for otherwise
const MOST_SIDE = 8192;
const MOST_LOSSES = 240;

export class Viewer {
  /**
   * @param {(file: {filename: string, subfolder: string, type: string}) => string} addressOf a file of the host
   * @param {(isOpen: boolean) => void} onFold is told when a person opens or folds the viewer
   */
  constructor(addressOf, onFold = () => {}) {
    this.addressOf = addressOf;
    this.onFold = onFold;
    this.batch = this.moments = this.run = null;
    this.pictures = { photo: [], saliency: [] }; // files of the host, one for each sketch
    this.runs = [];
    this.index = 0;
    this.playing = 0;
    this.drawing = new Drawing("img");
    this.drawing.element.addEventListener("pointerdown", (event) => {
      if (event.isPrimary && event.button === 0) this.drawing.dragView(event);
    });
    this.drawing.element.addEventListener("keydown", (event) => this.key(event));
    this.element = html("div", { class: "clipasso-panel", role: "group", hidden: "" });
    this.build();
  }

  /** @param {boolean} isOpen whether more than one line is seen */
  open(isOpen) {
    this.element.classList.toggle("clipasso-folded", !isOpen);
    this.element.classList.toggle("widget-expands", isOpen); // Nodes 2.0 gives such widgets the node's free height
    this.fold.textContent = isOpen ? "▾" : "▸";
    this.fold.setAttribute("aria-expanded", String(isOpen));
    this.fold.setAttribute("aria-label", text(isOpen ? "hide" : "show"));
    this.fold.title = text(isOpen ? "hide" : "show");
    if (!isOpen) this.stop();
  }

  get isOpen() {
    return !this.element.classList.contains("clipasso-folded");
  }

  build() {
    this.element.setAttribute("aria-label", text("viewer"));
    this.facts = html("span", { class: "clipasso-facts" });
    this.fold = button("▾", () => {
      this.open(!this.isOpen);
      this.onFold(this.isOpen);
    });
    this.said = html("span", { role: "status" });
    this.sketches = html("select", { class: "clipasso-input", "aria-label": text("sketch"), onchange: () => this.choose() });
    this.curve = svg("svg", { class: "clipasso-curve", role: "img", viewBox: "0 0 100 20", preserveAspectRatio: "none" });
    this.play = button("▶", () => this.togglePlay(), text("play"));
    this.slider = html("input", { type: "range", min: 0, step: 1, "aria-label": text("position"), oninput: () => this.scrub() });
    this.place = html("span", { class: "clipasso-place" });
    this.through = html(
      "select",
      { class: "clipasso-input", "aria-label": text("what"), title: text("what"), onchange: () => this.showAll() },
      html("option", { value: "order" }, text("order")),
      html("option", { value: "history" }, text("history")),
    );
    this.photo = toggle(text("photo"), false, () => this.draw());
    this.first = toggle(text("first"), false, () => this.draw());
    this.saliency = toggle(text("saliency"), false, () => this.draw(), text("saliencyTip"));
    this.side = html("input", {
      ...{ type: "number", min: 16, max: MOST_SIDE, value: SIDE, class: "clipasso-input clipasso-side" },
      ...{ "aria-label": text("side"), title: text("side") },
    });
    const row = (...children) => html("div", { class: "clipasso-row" }, ...children);
    this.element.append(
      row(this.fold, this.facts, this.curve, this.sketches),
      this.drawing.element,
      row(this.play, this.slider, this.place, this.through),
      row(this.photo, this.first, this.saliency, ...this.drawing.buttons(), this.said, this.ways()),
    );
    keepEvents(this.element);
    this.open(true);
  }

  ways() {
    return html(
      "span",
      { class: "clipasso-ways" },
      button(text("copy"), () => this.copy()),
      button(text("svg"), () => download("sketch.svg", this.svgBlob()), text("svgTip")),
      this.side,
      button(text("png"), () => this.downloadPng(), text("pngTip")),
    );
  }

  /** Show what a node sent when it was done. @param {any} message see nodes/viewer_data.py */
  show(message) {
    const batch = readBatch(message?.strokes);
    if (!batch) return;
    this.batch = batch;
    this.moments = readBatch(message.history);
    this.runs = Array.isArray(message.runs) ? message.runs : [];
    this.takePictures(message);
    this.run = null;
    this.index = Math.min(this.index, batch.sketches.length - 1);
    const total = Math.max(Number(message.num_sketches) || 0, batch.sketches.length);
    const options = batch.sketches.map((_, index) =>
      html("option", { value: index }, text("sketchOf", { index: index + 1, count: total })),
    );
    this.sketches.replaceChildren(...options);
    this.sketches.value = String(this.index);
    this.showAll();
  }

  /** @param {any} message with files of the host: photos, and the saliency that panels.js finds */
  takePictures({ photos, saliency }) {
    const files = (found) => (Array.isArray(found) ? found : []);
    this.pictures = { photo: files(photos), saliency: files(saliency) };
  }

  /** Show strokes of a run that goes on. @param {any} message see _tell_page in nodes/host.py */
  live(message) {
    const batch = readBatch(message?.strokes);
    if (!batch) return;
    if (!this.run || Number(message.iteration) <= this.run.iteration) this.run = { losses: [], iteration: 0, seconds: 0 };
    const [before, run] = [{ ...this.run }, this.run];
    run.iteration = Number(message.iteration) || 0;
    run.total = Number(message.num_iterations) || 0;
    run.seconds = Number(message.seconds) || 0;
    run.ended = message.ended === "interrupted" || message.ended === "failed" ? message.ended : null;
    if (run.seconds > before.seconds) run.rate = (run.iteration - before.iteration) / (run.seconds - before.seconds);
    if (typeof message.loss === "number") run.losses.push(message.loss);
    if (run.losses.length > MOST_LOSSES) run.losses = run.losses.filter((_, i) => i % 2 === 0);
    this.takePictures(message);
    [this.batch, this.moments, this.runs, this.index] = [batch, null, [], 0];
    this.sketches.replaceChildren();
    this.showAll();
  }

  choose() {
    this.index = Number(this.sketches.value);
    this.showAll();
  }

  /** Put the slider at its end. */
  showAll() {
    this.stop();
    this.element.hidden = false;
    const hasHistory = this.hasHistory();
    if (!hasHistory) this.through.value = "order";
    this.through.hidden = this.first.hidden = !hasHistory;
    for (const layer of ["photo", "saliency"]) this[layer].hidden = !this.pictures[layer][this.index];
    this.sketches.hidden = this.batch.sketches.length < 2;
    const count = this.isHistory() ? this.moments.sketches.length - 1 : living(this.sketch).length;
    this.slider.max = String(count);
    this.slider.value = String(count);
    this.at = count;
    this.draw();
  }

  get sketch() {
    return this.batch.sketches[this.index];
  }

  hasHistory() {
    return this.index === 0 && Boolean(this.moments) && this.moments.sketches.length > 1;
  }

  isHistory() {
    return this.through.value === "history" && this.hasHistory();
  }

  /** @returns {import("./strokes.js").Stroke[]} what is seen: whole strokes alone */
  shown() {
    if (this.isHistory()) return living(this.moments.sketches[Math.round(this.at)]);
    return living(this.sketch).slice(0, Math.ceil(this.at));
  }

  draw() {
    if (!this.batch) return;
    const { width, height } = this.batch;
    this.drawing.setCanvas(width, height);
    for (const layer of ["photo", "saliency"]) {
      const file = isPressed(this[layer]) && this.pictures[layer][this.index];
      this.drawing.setPicture(layer, file ? this.addressOf(file) : null);
    }
    const first = isPressed(this.first) && this.hasHistory() ? living(this.moments.sketches[0]) : [];
    this.drawing.beneath.replaceChildren(...first.map((stroke) => strokeElement(stroke)));
    const part = this.isHistory() ? 1 : this.at % 1 || 1;
    const shown = this.shown();
    const last = shown.length - 1;
    this.drawing.strokes.replaceChildren(...shown.map((stroke, i) => strokeElement(stroke, i === last ? part : 1)));
    this.tell();
  }

  /** Say in words and as a curve what is known. */
  tell() {
    const strokes = living(this.sketch).length;
    this.drawing.element.setAttribute("aria-label", text("drawing", { strokes }));
    const words = { at: Math.ceil(this.at), count: this.slider.max };
    if (this.isHistory()) [words.at, words.count] = [Math.round(this.at) + 1, this.moments.sketches.length];
    this.place.textContent = text(this.isHistory() ? "momentAt" : "strokeAt", words);
    this.slider.setAttribute("aria-valuetext", this.place.textContent);
    const [facts, losses] = this.run ? this.liveFacts() : this.doneFacts();
    const said = [text("strokes", { strokes }), ...facts].join(" · ");
    if (this.facts.textContent !== said) this.facts.textContent = said;
    this.drawCurve(losses);
  }

  liveFacts() {
    const { iteration, total, rate, ended, losses } = this.run;
    const facts = [ended ? text(ended) : text("live", { iteration, total })];
    if (rate && !ended) facts.push(text("rate", { rate: rate.toFixed(1) }));
    if (losses.length > 0) facts.push(text("loss", { loss: losses[losses.length - 1].toFixed(4) }));
    return [facts, losses];
  }

  doneFacts() {
    const run = this.runs[this.index] ?? {};
    const facts = [];
    if (typeof run.loss === "number") facts.push(text("loss", { loss: run.loss.toFixed(4) }));
    if (typeof run.seed === "number") facts.push(text("seed", { seed: run.seed }));
    if (typeof run.best_iteration === "number") facts.push(text("best", { iteration: run.best_iteration }));
    const losses = (run.losses ?? []).filter((loss) => typeof loss === "number");
    return [facts, losses];
  }

  /** @param {number[]} losses at equal steps */
  drawCurve(losses) {
    this.curve.toggleAttribute("hidden", losses.length < 2);
    if (losses.length < 2) return;
    const [low, high] = [Math.min(...losses), Math.max(...losses)];
    const points = losses.map((loss, i) => {
      const y = high > low ? 18 - (16 * (loss - low)) / (high - low) : 18;
      return `${((100 * i) / (losses.length - 1)).toFixed(2)},${y.toFixed(2)}`;
    });
    const label = text("curve", { from: losses[0].toFixed(4), to: losses[losses.length - 1].toFixed(4) });
    this.curve.setAttribute("aria-label", label);
    const line = svg("polyline", { points: points.join(" "), "vector-effect": "non-scaling-stroke" });
    this.curve.replaceChildren(svg("title", {}, label), line);
  }

  scrub() {
    this.stop();
    this.at = Number(this.slider.value);
    this.draw();
  }

  togglePlay() {
    if (this.playing) {
      this.stop();
      return;
    }
    const end = Number(this.slider.max);
    if (!this.batch || end === 0) return;
    const lasts = this.isHistory() ? (1000 * end) / MOMENTS_A_SECOND : DRAWN_IN;
    const from = this.at >= end ? 0 : this.at;
    const begun = performance.now();
    const step = (now) => {
      this.at = Math.min(from + (end * Math.max(now - begun, 0)) / lasts, end);
      this.slider.value = String(this.at);
      this.draw();
      if (this.at >= end) this.stop();
      else this.playing = requestAnimationFrame(step);
    };
    this.playing = requestAnimationFrame(step);
    this.sayPlay("⏸", "pause");
  }

  stop() {
    cancelAnimationFrame(this.playing);
    this.playing = 0;
    this.sayPlay("▶", "play");
  }

  sayPlay(sign, key) {
    this.play.textContent = sign;
    this.play.title = text(key);
    this.play.setAttribute("aria-label", text(key));
  }

  /** @param {KeyboardEvent} event on the drawing */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " ") this.togglePlay();
    else if (!this.drawing.key(event)) return;
    event.preventDefault();
  }

  svgShown() {
    return svgText(this.batch, this.shown());
  }

  svgBlob() {
    return new Blob([this.svgShown()], { type: "image/svg+xml" });
  }

  async copy() {
    this.said.textContent = text((await copyText(this.svgShown())) ? "copied" : "notCopied");
  }

  async downloadPng() {
    const side = Math.min(Math.max(Number(this.side.value) || SIDE, 16), MOST_SIDE);
    try {
      download("sketch.png", await this.png(side));
      this.said.textContent = "";
    } catch {
      this.said.textContent = text("notDrawn", { side });
    }
  }

  /**
   * @param {number} side px of the longer side
   * @returns {Promise<Blob>} what is shown as PNG, on white; rejected where the browser cannot draw that much
   */
  async png(side) {
    const scale = side / Math.max(this.batch.width, this.batch.height);
    const canvas = html("canvas");
    canvas.width = Math.max(1, Math.round(this.batch.width * scale));
    canvas.height = Math.max(1, Math.round(this.batch.height * scale));
    const image = new Image(canvas.width, canvas.height);
    const url = URL.createObjectURL(this.svgBlob());
    image.src = url;
    await image.decode().finally(() => URL.revokeObjectURL(url));
    const context = canvas.getContext("2d");
    context.fillStyle = "white";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(Error("no PNG"))), "image/png"));
  }
}
