// Colours with a fixed meaning come from style.css; here they are read for the canvases, and owners get theirs.

const colours = {
  read() {
    const style = getComputedStyle(document.documentElement);
    for (const name of ["bg", "card", "ink", "muted", "line", "faint", "waiting", "prefill", "chunk", "decode", "preempted", "shared", "kept", "fresh"]) {
      this[name] = style.getPropertyValue(`--${name}`).trim();
    }
    this.font = style.getPropertyValue("--sans").trim();
    this.dark = style.getPropertyValue("--scheme").trim() === "dark";
    this.owners = new Map();
  },

  phase(code) {
    return { p: this.prefill, P: this.prefill, c: this.chunk, C: this.chunk, d: this.decode, w: this.waiting, i: this.waiting, x: this.preempted }[code];
  },

  /** Soft colours, apart from those of the phases; neighbours differ in lightness too, for those who see no hue. */
  owner(r) {
    if (!this.owners.has(r)) {
      const hue = (35 + r * 137.5) % 360;
      const soft = r < 12 ? 62 : 44;
      const level = r % 3;
      const full = this.dark ? `hsl(${hue} 38% ${[40, 32, 47][level]}%)` : `hsl(${hue} ${soft}% ${[78, 68, 86][level]}%)`;
      const empty = this.dark ? `hsl(${hue} 22% 20%)` : `hsl(${hue} 45% 95%)`;
      this.owners.set(r, { full, empty });
    }
    return this.owners.get(r);
  },
};

/** Diagonal lines over a rectangle: what is done twice, or kept although free. */
function hatch(context, x, y, width, height, colour, gap = 6, line = 1.4) {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.strokeStyle = colour;
  context.lineWidth = line;
  context.beginPath();
  const start = Math.floor((x - height) / gap) * gap; // lines of neighbours meet
  for (let at = start; at < x + width; at += gap) {
    context.moveTo(at, y + height);
    context.lineTo(at + height, y);
  }
  context.stroke();
  context.restore();
}

/** A canvas's drawing context, as sharp as the screen is; the canvas is `width` × `height` CSS pixels. */
function prepared(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}
