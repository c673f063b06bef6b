// The block pool as a grid: who holds which block, how full it is, and what of the free ones is still in the prefix cache.

class Pool {
  constructor(track, chosen) {
    this.track = track;
    this.canvas = h("canvas", { tabindex: 0, role: "img", class: "pool" });
    this.element = h("div", { class: "poolArea" }, this.canvas);
    this.cursor = null; // the block under the pointer or the keyboard's cursor
    this.canvas.addEventListener("pointermove", (event) => this.point(this.hit(event)));
    this.canvas.addEventListener("pointerleave", () => { this.cursor = null; this.paint(); tip.hideSoon(); });
    this.canvas.addEventListener("mousedown", (event) => event.preventDefault()); // the arrow keys stay with the steps
    this.canvas.addEventListener("click", (event) => {
      const holders = this.view.holders[this.hit(event)] ?? null;
      if (holders) chosen(holders[(holders.indexOf(this.selected) + 1) % holders.length]);
    });
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.canvas.addEventListener("focus", () => { if (this.canvas.matches(":focus-visible")) this.point(this.cursor ?? 1); });
    this.canvas.addEventListener("blur", () => { this.cursor = null; this.paint(); tip.hide(); });
  }

  /** The largest squares with which all blocks fit in a column as wide as it is and about as high as the lanes. */
  restyle(height) {
    const width = Math.max(180, this.element.clientWidth);
    const count = this.track.blocks;
    let size = Math.min(58, Math.max(Math.floor(width / count), 36)); // a small pool in one line
    while (size > 7 && Math.ceil(count / Math.floor(width / size)) * size > height) size -= 1;
    // Small labels are worth some more height.
    if (size < 17) size = Math.min(17, Math.max(size, Math.floor(Math.sqrt(width * 900 / count))));
    this.size = size;
    this.pictures = new Map(); // look → canvas
    this.looks = null; // of each block as it stands on the canvas
    this.columns = Math.min(count, Math.floor(width / size));
    this.rows = Math.ceil(count / this.columns);
  }

  draw(view, selected) {
    this.view = view;
    this.selected = selected;
    this.paint();
    const used = this.track.blocks - 1 - this.track.free[view.step];
    const label = t("poolLabel", { used, usable: this.track.blocks - 1 });
    if (this.canvas.getAttribute("aria-label") !== label) this.canvas.setAttribute("aria-label", label);
  }

  /** Paint the blocks that look different from before. */
  paint() {
    if (!this.view) return;
    const { size, columns } = this, gap = size > 24 ? 3 : 1.5;
    if (this.looks === null) {
      this.context = prepared(this.canvas, columns * size, this.rows * size);
      this.context.textBaseline = "middle";
      this.context.textAlign = "center";
      this.looks = new Array(this.track.blocks).fill("");
    }
    for (let block = 0; block < this.track.blocks; block++) {
      const look = this.look(block);
      if (look === this.looks[block]) continue;
      this.looks[block] = look;
      const x = (block % columns) * size, y = Math.floor(block / columns) * size;
      const holders = this.view.holders[block];
      if (size <= 34 && (holders === null || holders.length === 1 && this.view.filled[block] === this.track.blockSize)) {
        this.context.drawImage(this.picture(look, block, gap), x, y, size, size);
      } else {
        this.ground(this.context, x, y);
        this.block(this.context, block, x + gap / 2, y + gap / 2, size - gap);
      }
    }
    if (this.cursor === null) return;
    this.outline(this.context, this.cursor, colours.ink, 2.5);
    this.looks[this.cursor] = "";
  }

  ground(context, x, y) {
    context.fillStyle = colours.card;
    context.fillRect(x, y, this.size, this.size);
  }

  /** All that decides what a block looks like. */
  look(block) {
    const { view } = this, holders = view.holders[block];
    if (block === 0) return "null";
    if (holders === null) return view.cached[block] ? "kept" : "free";
    const who = holders.length > 1 ? holders.join(",") : holders[0];
    return `${who} ${view.filled[block]} ${view.cached[block]} ${view.fresh[block]} ${holders.includes(this.selected)}`;
  }

  /** Most of many blocks look alike: painted once, then copied. */
  picture(look, block, gap) {
    let picture = this.pictures.get(look);
    if (picture) return picture;
    picture = document.createElement("canvas");
    const context = prepared(picture, this.size, this.size);
    context.textBaseline = "middle";
    context.textAlign = "center";
    this.ground(context, 0, 0);
    this.block(context, block, gap / 2, gap / 2, this.size - gap);
    this.pictures.set(look, picture);
    return picture;
  }

  block(context, block, x, y, side) {
    const holders = this.view.holders[block];
    if (block === 0) {
      hatch(context, x, y, side, side, colours.line, 4);
      context.strokeStyle = colours.line;
      context.lineWidth = 1;
      context.strokeRect(x + 0.5, y + 0.5, side - 1, side - 1);
      if (side > 12) this.text(context, "∅", x + side / 2, y + side / 2, Math.min(16, side * 0.6), colours.muted);
      return;
    }
    if (holders === null) this.unheld(context, block, x, y, side);
    else this.held(context, block, holders, x, y, side);
    if (side > 34) {
      if (holders === null && this.view.cached[block]) { // on the hatching it could not be read
        context.fillStyle = colours.card;
        context.fillRect(x + side / 2 - 9, y + side - 14, 18, 12);
      }
      this.text(context, String(block), x + side / 2, y + side - 8, 10, holders ? colours.ink : colours.muted, 400);
    }
  }

  unheld(context, block, x, y, side) {
    const kept = this.view.cached[block] === 1;
    if (kept) {
      context.fillStyle = colours.kept;
      context.fillRect(x, y, side, side);
      hatch(context, x, y, side, side, colours.muted, side > 24 ? 6 : 4, 1);
    }
    context.strokeStyle = kept ? colours.muted : colours.line;
    context.lineWidth = 1;
    context.strokeRect(x + 0.5, y + 0.5, side - 1, side - 1);
  }

  held(context, block, holders, x, y, side) {
    const part = side / holders.length, full = this.view.filled[block] / this.track.blockSize;
    holders.forEach((r, k) => {
      const { full: dark, empty } = colours.owner(r);
      context.fillStyle = empty;
      context.fillRect(x + k * part, y, part, side);
      context.fillStyle = dark;
      context.fillRect(x + k * part, y + side * (1 - full), part, side * full);
    });
    const mine = holders.includes(this.selected);
    const line = holders.length > 1 ? Math.max(2, side / 14) : mine ? Math.max(1.5, side / 18) : 0.5;
    context.strokeStyle = holders.length > 1 ? colours.shared : mine ? colours.ink : colours.muted;
    context.lineWidth = line;
    const inset = holders.length > 1 ? 1 : 0;
    context.strokeRect(x + line / 2 + inset, y + line / 2 + inset, side - line - 2 * inset, side - line - 2 * inset);
    if (inset) { // a rim, so that it stands out from any owner's colour
      context.strokeStyle = colours.ink;
      context.lineWidth = mine ? 1.6 : 0.8;
      context.strokeRect(x + 0.5, y + 0.5, side - 1, side - 1);
    }
    if (this.view.cached[block]) { // a dog-ear: it is in the prefix cache
      const ear = Math.max(3, side / 4.5);
      context.fillStyle = colours.ink;
      context.beginPath();
      context.moveTo(x + side - ear, y);
      context.lineTo(x + side, y);
      context.lineTo(x + side, y + ear);
      context.fill();
    }
    if (side < 11) return;
    const text = holders.length > 1 ? `×${holders.length}` : this.track.requests[holders[0]].short;
    const size = side > 34 ? 16 : Math.min(13, side * 0.52, side * 1.45 / text.length);
    this.text(context, text, x + side / 2, y + side / 2 - (side > 34 ? 3 : 0), size, colours.ink);
    if (this.view.fresh[block]) this.newMark(context, x, y, side);
  }

  /** Allocated in this step: a spot in the corner opposite the dog-ear. */
  newMark(context, x, y, side) {
    const radius = Math.max(2, Math.min(5, side / 9));
    context.fillStyle = colours.fresh;
    context.strokeStyle = colours.ink;
    context.lineWidth = 1;
    context.beginPath();
    context.arc(x + radius + 2.5, y + radius + 2.5, radius, 0, 7);
    context.fill();
    context.stroke();
  }

  text(context, text, x, y, size, colour, weight = 600) {
    const font = `${weight} ${size}px ${colours.font}`;
    if (context.lastFont !== font) context.font = context.lastFont = font; // setting it is slow
    context.fillStyle = colour;
    context.fillText(text, x, y + 0.5);
  }

  outline(context, block, colour, width) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.strokeRect((block % this.columns) * this.size + 1, Math.floor(block / this.columns) * this.size + 1, this.size - 2, this.size - 2);
  }

  hit(event) {
    const box = this.canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / this.size), row = Math.floor((event.clientY - box.top) / this.size);
    const block = row * this.columns + column;
    return column >= 0 && column < this.columns && block >= 0 && block < this.track.blocks ? block : null;
  }

  point(block) {
    if (block !== this.cursor) {
      this.cursor = block;
      this.paint();
    }
    if (block === null) return tip.hideSoon();
    const box = this.canvas.getBoundingClientRect();
    const top = box.top + Math.floor(block / this.columns) * this.size;
    tip.show(this.canvas, this.tipFor(block), box.left + (block % this.columns + 0.5) * this.size, top + this.size, top);
  }

  key(event) {
    const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns };
    if (!(event.key in moves) || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    const wanted = (this.cursor ?? 1) + moves[event.key];
    if (wanted >= 0 && wanted < this.track.blocks) this.point(wanted);
  }

  tipFor(block) {
    const { track, view } = this, holders = view.holders[block];
    const title = t("blockNumber", { n: block });
    const about = (lines, ...keys) => ({ title, lines, symbols: keys.flatMap((key) => EXPLANATIONS[key].symbols) });
    if (block === 0) return about([t("blockNull")], "nullBlock");
    if (holders === null) {
      return view.cached[block] ? about([t("blockKept")], "kept") : about([t("blockFree")], "free");
    }
    const lines = holders.slice(0, 3).map((r) =>
      t("blockHeld", { who: nameOf(track, r), index: track.table(r, view.step).blocks.indexOf(block) }));
    if (holders.length > 1) lines.push(t("blockShared", { n: holders.length, who: namesOf(track, holders) }));
    lines.push(t("blockFill", { n: view.filled[block], size: track.blockSize }));
    if (view.fresh[block]) lines.push(t("blockNew"));
    if (view.cached[block]) lines.push(t("blockInCache"));
    return about(lines, holders.length > 1 ? "shared" : "owned", ...(view.cached[block] ? ["incache"] : []));
  }
}
