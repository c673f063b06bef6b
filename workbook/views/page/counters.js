// The numbers of one step: time, token budget, queues, blocks.

class Counters {
  constructor(track) {
    this.track = track;
    this.values = {};
    this.words = {};
    const tile = (key, ...children) => explained(
      h("div", { class: `tile ${key}`, tabindex: 0 }, h("h3", {}, this.word(key)), ...children), key);
    this.element = h("div", { class: "counters" },
      tile("took",
        h("p", { class: "big" }, this.value("took"), h("small", {}, " ", this.value("at"))),
        h("p", { class: "small" }, this.value("parts"))),
      tile("budget",
        h("p", { class: "big" }, this.value("scheduled"), h("small", {}, " / ", this.value("budget"))),
        this.budgetBar = bar("prefill", "chunk", "decode"),
        h("p", { class: "small" }, this.value("budgetLeft"))),
      tile("queues",
        h("p", { class: "row" },
          h("span", { class: "pair" }, h("b", {}, this.value("batch")), this.word("batch")),
          h("span", { class: "pair" }, h("b", {}, this.value("running")), this.word("running")),
          h("span", { class: "pair" }, h("b", {}, this.value("waiting")), this.word("waiting")))),
      tile("pool",
        h("p", { class: "row" },
          h("span", { class: "pair" }, h("b", {}, this.value("used")), this.word("used")),
          h("span", { class: "pair" }, h("b", {}, this.value("free")), this.word("free")),
          h("span", { class: "pair" }, h("b", {}, this.value("cached")), this.word("cached"))),
        this.poolBar = bar("shared", "held", "kept"),
        h("p", { class: "small" }, this.value("kept"))),
    );
  }

  value(key) { return this.values[key] = h("span", { "data-value": key }); }

  word(key) {
    const element = h("span", {});
    (this.words[key] ??= []).push(element);
    return element;
  }

  restyle() {
    for (const [key, elements] of Object.entries(this.words)) elements.forEach((element) => write(element, t(key)));
  }

  draw(view) {
    const { track, values } = this, step = view.step;
    const show = (key, text) => write(values[key], String(text));
    const model = track.model_us[step];
    show("took", model === null ? t("unknown") : duration(track.schedule[step] + model + track.update[step]));
    show("parts", t("parts", { s: duration(track.schedule[step]), m: model === null ? "–" : duration(model), u: duration(track.update[step]) }));
    show("at", t("at", { t: `${(track.at[step] / 1e6).toFixed(3)} s` }));
    show("scheduled", track.scheduled[step]);
    show("budget", track.budget);
    show("budgetLeft", t("budgetLeft", { n: track.budget - track.scheduled[step] }));
    show("batch", view.batch.length);
    show("running", track.running[step]);
    show("waiting", track.waiting[step]);
    const usable = track.blocks - 1, used = usable - track.free[step];
    show("used", used);
    show("free", track.free[step]);
    show("cached", track.cached[step]);
    show("kept", t("ofFree", { n: view.kept }));
    const work = { p: 0, c: 0, d: 0 };
    for (const r of view.batch) work[view.cells[r].code.toLowerCase()] += view.cells[r].scheduled;
    fill(this.budgetBar, [work.p, work.c, work.d], track.budget);
    fill(this.poolBar, [view.shared, used - view.shared, view.kept], usable);
  }
}

function bar(...kinds) {
  return h("div", { class: "bar", "aria-hidden": "true" }, ...kinds.map((kind) => h("i", { class: kind })));
}

function fill(element, parts, whole) {
  parts.forEach((part, k) => {
    const style = element.children[k].style;
    const width = part === 0 ? "0" : `max(3px, ${(part / whole * 100).toFixed(2)}%)`;
    if (style.width !== width) style.width = width;
  });
}
