// The request lanes: one row for each request, x is the step or the time. The height of a bar says how much work it is.

/** Runs that look the same, as one: with drafts, a decode changes its number of tokens from step to step. */
function merged(runs) {
  return runs.filter(([, code], k) => "pPcC".includes(code) || code !== runs[k - 1]?.[1]);
}

class Lanes {
  constructor(track, clock, chosen) {
    this.track = track;
    this.clock = clock;
    this.rowHeight = Math.round(Math.max(14, Math.min(48, 240 / Math.max(1, track.requests.length))));
    this.labels = track.requests.map((request, r) => {
      const chip = h("span", { class: "chip" }, request.short);
      const label = h("button", { type: "button", class: "laneLabel", style: `height:${this.rowHeight}px`, onclick: () => chosen(r) }, chip);
      if (request.short !== request.id) label.append(h("span", { class: "laneId" }, request.id));
      return explained(label, "lane", () => this.tipFor(r, this.step));
    });
    this.bars = track.requests.map((request) => merged(request.runs));
    this.canvas = h("canvas", { role: "img" });
    this.head = h("div", { class: "playhead" }, h("span", {}));
    this.axis = h("canvas", { "aria-hidden": "true" });
    this.area = h("div", { class: "laneArea" }, this.canvas, this.axis, this.head);
    this.element = h("div", { class: "lanes" }, h("div", { class: "laneLabels" }, ...this.labels), this.area);
    this.area.addEventListener("pointermove", (event) => this.hover(event));
    this.area.addEventListener("pointerleave", () => tip.hideSoon());
    this.area.addEventListener("click", (event) => {
      const { r, step } = this.hit(event);
      if (r !== null) chosen(r);
      if (step !== null) clock.set(clock.positionOf(track, step));
    });
  }

  get height() { return this.rowHeight * this.track.requests.length; }

  /** Colours, sizes or the language are others. */
  restyle() {
    this.drawn = "";
    this.width = Math.max(200, this.area.clientWidth);
    this.canvas.setAttribute("aria-label", t("lanesLabel"));
    this.labels.forEach((label, r) => {
      label.firstChild.style.background = colours.owner(r).full;
      label.setAttribute("aria-label", nameOf(this.track, r));
    });
  }

  x(value) { return (value - this.from) / (this.to - this.from) * this.width; }

  draw(step, selected) {
    this.step = step;
    [this.from, this.to] = this.clock.window();
    const drawn = `${this.from} ${this.to} ${this.width}`;
    if (drawn !== this.drawn) this.drawAll();
    this.drawn = drawn;
    const left = this.x(this.clock.edge(this.track, step));
    const width = Math.max(2, this.x(this.clock.edge(this.track, step + 1)) - left);
    this.head.style.cssText = `left:${left}px;width:${width}px;height:${this.height}px`;
    write(this.head.firstChild, String(this.track.number[step]));
    this.head.classList.toggle("right", left > this.width - 40);
    this.labels.forEach((label, r) => {
      const state = (this.track.cell(r, step)?.code ?? "");
      if (label.dataset.state !== state) label.dataset.state = state;
      const pressed = String(r === selected);
      if (label.getAttribute("aria-pressed") !== pressed) label.setAttribute("aria-pressed", pressed);
    });
  }

  drawAll() {
    const context = prepared(this.canvas, this.width, this.height);
    context.textBaseline = "middle";
    this.track.requests.forEach((_, r) => {
      const top = r * this.rowHeight;
      context.fillStyle = colours.line;
      context.fillRect(0, top + this.rowHeight - 0.5, this.width, 0.5);
      const bars = this.bars[r];
      bars.forEach((bar, k) => this.drawRun(context, bar, bars[k + 1]?.[0] ?? this.track.length, top));
    });
    this.drawAxis();
  }

  drawRun(context, [start, code, , scheduled], end, top) {
    const { track, clock, rowHeight } = this;
    const left = this.x(clock.edge(track, start)), right = this.x(clock.edge(track, end));
    if (right < 0 || left > this.width) return;
    const from = Math.max(left, -2), width = Math.max(1, Math.min(right, this.width + 2) - from);
    const middle = top + rowHeight / 2;
    context.fillStyle = context.strokeStyle = colours.phase(code) ?? colours.muted;
    if (code === "f") {
      this.mark(context, Math.min(left, this.width - 2), middle); // the last step's end is the edge of the picture
      return;
    }
    const kind = code.toLowerCase();
    if (kind === "w" || kind === "i" || kind === "x") {
      context.lineWidth = kind === "x" ? 3 : 2;
      context.setLineDash(kind === "x" ? [] : [3, 3]);
      context.beginPath();
      context.moveTo(from, middle);
      context.lineTo(from + width, middle);
      context.stroke();
      context.setLineDash([]);
      if (kind === "x") this.cross(context, left, middle);
      if (kind !== "i") this.label(context, t(`state_${kind}`), from + (kind === "x" ? 8 : 0), width - 8, middle, true);
      return;
    }
    const height = kind === "d" ? Math.max(6, rowHeight * 0.46) : rowHeight - 4;
    const perStep = width / (end - start);
    context.fillRect(from, middle - height / 2, width, height);
    if (code !== kind) hatch(context, from, middle - height / 2, width, height, kind === "p" ? "#fff" : "#14171b");
    if (kind !== "d" && perStep > 3) { // each part of a prompt stands alone
      context.fillStyle = colours.card;
      for (let step = start; step <= end; step++) context.fillRect(this.x(clock.edge(track, step)) - 0.5, top, 1, rowHeight);
    }
    if (kind === "d") this.label(context, t("state_d"), from, width, middle, false, height);
    else if (perStep > 15) this.numbers(context, start, end, scheduled, middle, kind);
    else this.label(context, t(`state_${kind}`), from, width, middle, false, height, kind === "p" ? "#fff" : "#14171b");
  }

  /** The tokens of each part, where there is room. */
  numbers(context, start, end, scheduled, middle, kind) {
    context.font = `600 10px ${colours.font}`;
    const text = String(scheduled), size = context.measureText(text).width;
    for (let step = start; step < end; step++) {
      const left = this.x(this.clock.edge(this.track, step)), width = this.x(this.clock.edge(this.track, step + 1)) - left;
      if (size + 2 > width) continue;
      context.fillStyle = kind === "p" ? "#fff" : "#14171b";
      context.fillText(text, left + (width - size) / 2, middle);
    }
  }

  label(context, text, from, width, middle, onLine, height = 12, ink = "#14171b") {
    if (this.rowHeight < 14 || height < 10) { if (!onLine) return; }
    context.font = `600 ${this.rowHeight < 18 ? 9 : 11}px ${colours.font}`;
    const size = context.measureText(text).width;
    if (size + 14 > width) return;
    if (onLine) {
      context.fillStyle = colours.card;
      context.fillRect(from + 5, middle - 6, size + 6, 12);
    }
    context.fillStyle = onLine ? colours.muted : ink;
    context.fillText(text, from + 8, middle + 0.5);
  }

  mark(context, x, middle) {
    context.fillStyle = colours.ink;
    context.fillRect(x - 1, middle - this.rowHeight * 0.3, 3, this.rowHeight * 0.6);
  }

  cross(context, x, middle) {
    context.lineWidth = 2.4;
    context.beginPath();
    for (const side of [1, -1]) {
      context.moveTo(x, middle - 5 * side);
      context.lineTo(x + 10, middle + 5 * side);
    }
    context.stroke();
  }

  drawAxis() {
    const context = prepared(this.axis, this.width, 20);
    const seconds = this.clock.axis === "time";
    const rough = (this.to - this.from) / (seconds ? 1e6 : 1) / Math.max(2, this.width / 90);
    const power = 10 ** Math.floor(Math.log10(rough));
    const gap = Math.max(seconds ? 0 : 1, [1, 2, 5, 10].find((n) => n * power >= rough) * power);
    context.font = `11px ${colours.font}`;
    context.fillStyle = colours.muted;
    const scale = seconds ? 1e6 : 1, first = Math.ceil(this.from / scale / gap);
    for (let k = first; k * gap * scale <= this.to; k++) {
      // By steps, the tick stands in the middle of the step that has this number.
      const x = this.x(seconds ? k * gap * scale : k * gap - (this.track.number[0] ?? 1) + 0.5);
      const text = seconds ? `${+(k * gap).toPrecision(6)} s` : String(k * gap);
      const size = context.measureText(text).width;
      if (x < 0 || x > this.width || (k === 0 && !seconds)) continue;
      context.fillRect(x, 0, 1, 4);
      context.fillText(text, Math.max(0, Math.min(x - size / 2, this.width - size)), 15);
    }
  }

  hit(event) {
    const box = this.canvas.getBoundingClientRect();
    const r = Math.floor((event.clientY - box.top) / this.rowHeight);
    const value = this.from + (event.clientX - box.left) / this.width * (this.to - this.from);
    const step = this.clock.axis === "time" ? countUpTo(this.track.at, value) - 1 : Math.floor(value);
    const inside = step >= 0 && step < this.track.length;
    return { r: r >= 0 && r < this.track.requests.length ? r : null, step: inside ? step : null };
  }

  hover(event) {
    const { r, step } = this.hit(event);
    if (r === null || step === null) return tip.hideSoon();
    const content = this.tipFor(r, step);
    const box = this.canvas.getBoundingClientRect();
    const top = box.top + r * this.rowHeight;
    tip.show(this.canvas, content, event.clientX, top + this.rowHeight, top);
  }

  tipFor(r, step) {
    const cell = this.track.cell(r, step);
    const title = t("cellTitle", { id: this.track.requests[r].id, n: this.track.number[step] });
    if (!cell) return { title, lines: [t("state_")], symbols: [] };
    const about = EXPLANATIONS[`state_${cell.code.toLowerCase()}`];
    const again = "PC".includes(cell.code) ? EXPLANATIONS.recompute : null;
    return {
      title: `${title}: ${t(`state_${cell.code}`)}`,
      lines: [
        cell.scheduled ? t("cellTokens", { n: cell.scheduled, computed: cell.computed }) : "",
        again ? again.text[language] : about.text[language],
      ],
      symbols: (again ?? about).symbols,
    };
  }
}
