/** Elements by DOM calls alone: no text ever becomes markup. */

const SVG = "http://www.w3.org/2000/svg";

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

/**
 * Make an HTML element.
 *
 * @param {string} tag
 * @param {Object<string, any>} attributes "on..." are listeners; null, undefined and false are left out
 * @param {...(Node|string)} children
 */
export const html = (tag, attributes = {}, ...children) => filled(document.createElement(tag), attributes, children);

/** Make an SVG element; as html(). */
export const svg = (tag, attributes = {}, ...children) =>
  filled(document.createElementNS(SVG, tag), attributes, children);

/**
 * Make a button.
 *
 * @param {string} label what stands on it
 * @param {() => void} onPress
 * @param {string} tip what it does, where the label does not say it; screen readers hear label and tip
 */
export function button(label, onPress, tip = label) {
  const name = tip === label ? label : `${label}. ${tip}`;
  return html("button", { type: "button", class: "clipasso-button", title: tip, "aria-label": name, onclick: onPress }, label);
}

/** Make a button that stays down. @param {(isDown: boolean) => void} onChange */
export function toggle(label, isDown, onChange, tip = label) {
  const made = button(label, () => press(!isPressed(made)), tip);
  const press = (down) => {
    made.setAttribute("aria-pressed", String(down));
    onChange(down);
  };
  made.setAttribute("aria-pressed", String(isDown));
  return made;
}

/** @param {Element} element a toggle @returns {boolean} whether it is down */
export const isPressed = (element) => element.getAttribute("aria-pressed") === "true";

/**
 * Keep the events of a panel to itself, so that the graph below does not act on them too: keys that move or delete nodes,
 * pointers that drag them. What the graph needs gets through: the middle button, and combinations such as Ctrl+Enter.
 *
 * @param {HTMLElement} panel
 */
export function keepEvents(panel) {
  for (const kind of ["pointerdown", "pointermove", "pointerup", "contextmenu", "dblclick"]) {
    panel.addEventListener(kind, (event) => {
      if (event.button !== 1 && !(event.buttons & 4)) event.stopPropagation();
    });
  }
  panel.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey || event.altKey)) event.stopPropagation();
  });
}

/**
 * Do something at most once per frame of the screen: with the last event of each.
 *
 * @param {(event: PointerEvent) => void} work
 * @returns {((event: PointerEvent) => void) & {finish: () => void}} finish() does at once what still waits
 */
export function perFrame(work) {
  let [waiting, frame] = [null, 0];
  const finish = () => {
    cancelAnimationFrame(frame);
    const event = waiting;
    [waiting, frame] = [null, 0];
    if (event) work(event);
  };
  const follow = (event) => {
    waiting = event;
    frame ||= requestAnimationFrame(finish);
  };
  return Object.assign(follow, { finish });
}

/**
 * Put words on the clipboard: over plain http, too, where the browser only knows the old way.
 *
 * @param {string} words
 * @returns {Promise<boolean>} whether the browser let it be
 */
export async function copyText(words) {
  const written = navigator.clipboard?.writeText(words).then(() => true, () => false);
  if (await written) return true;
  const [area, before] = [html("textarea", { style: "position: fixed; opacity: 0" }), document.activeElement];
  area.value = words;
  document.body.append(area);
  area.select();
  const isDone = document.execCommand("copy");
  area.remove();
  before?.focus({ preventScroll: true });
  return isDone;
}

/**
 * Offer a file for download.
 *
 * @param {string} name
 * @param {Blob} blob
 */
export function download(name, blob) {
  const url = URL.createObjectURL(blob);
  html("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
