/**
 * Colours for the sockets and links of this pack's own types. Nothing else.
 *
 * ComfyUI empties the colour of every type that its palette does not name, at the start and at each change of palette.
 * So each colour is a property that answers with ours while the palette has none: no timer, no event, and a palette
 * that does name one of our types wins. Nodes 2.0 reads CSS variables instead: the palette sets them on <body>, ours
 * stand on :root and so shine through where it sets none.
 */
import { app } from "../../../scripts/app.js";

const COLORS = {
  STROKES: "#EC407A",
  SKETCH_ENCODER: "#D9A441",
  SKETCH_FRAME: "#9575CD",
  SKETCH_REGIONS: "#4DB6AC",
};

/**
 * Give a table of colours a default for one type.
 *
 * @param {Object<string, string>|undefined} table colours by type, as the canvas holds them
 * @param {string} type name of a socket type
 * @param {string} color used while nobody has set another one
 */
function setDefault(table, type, color) {
  if (!table || Object.getOwnPropertyDescriptor(table, type)?.configurable === false) return;
  let chosen = table[type];
  Object.defineProperty(table, type, {
    configurable: true,
    enumerable: true,
    get: () => chosen || color,
    set: (value) => (chosen = value),
  });
}

app.registerExtension({
  name: "clipasso.SocketColors",
  setup() {
    for (const [type, color] of Object.entries(COLORS)) {
      setDefault(app.canvas?.constructor?.link_type_colors, type, color);
      setDefault(app.canvas?.default_connection_color_byType, type, color);
    }
    const style = document.createElement("style");
    const variables = Object.entries(COLORS).map(([type, color]) => `--color-datatype-${type}: ${color};`);
    style.textContent = `:root { ${variables.join(" ")} }`;
    document.head.append(style);
    app.canvas?.setDirty?.(true, true);
  },
});
