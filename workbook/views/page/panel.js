// One recording on the page: notices, counters, events, lanes and pool.

const KEYS = {
  lanes: [["w", "waiting"], ["p", "prefill"], ["c", "chunk"], ["d", "decode"], ["x", "preempted"], ["recompute", "recompute"], ["f", "finished"]],
  pool: [["owned", "owned"], ["shared", "shared"], ["incache", "incache"], ["fresh", "fresh"], ["kept", "kept"], ["free", "free"], ["nullBlock", "null"]],
};

class Panel {
  constructor(track, clock, chosen, compared) {
    this.track = track;
    this.clock = clock;
    this.compared = compared;
    this.notices = h("div", { class: "notices", role: "note" });
    this.counters = new Counters(track);
    this.events = new Events(track, chosen);
    this.lanes = new Lanes(track, clock, chosen);
    this.pool = new Pool(track, chosen);
    this.over = h("span", { class: "over" });
    this.title = h("h2", { class: "name" }, track.name, this.over);
    this.laneTitle = h("h2", {});
    this.poolTitle = h("h2", {});
    this.poolNote = h("p", { class: "note" });
    this.laneKeys = h("ul", { class: "key" });
    this.poolKeys = h("ul", { class: "key" });
    const heading = (title, ...symbols) => h("div", { class: "heading" }, title, h("span", { class: "source", "data-symbols": symbols.join(" ") }));
    const drawn = track.length ? [
      this.counters.element,
      this.events.element,
      h("div", { class: "pictures" },
        h("section", { class: "card" }, heading(this.laneTitle, "schedule"), this.laneKeys, this.lanes.element),
        h("section", { class: "card" }, heading(this.poolTitle, "block_pool"), this.poolNote, this.pool.element, this.poolKeys)),
    ] : [];
    this.element = h("section", { class: "panel", "aria-label": track.name }, compared ? this.title : null, this.notices, ...drawn);
  }

  restyle() {
    const { track } = this;
    const notices = [];
    if (track.cut !== null) notices.push(t("cut", { n: track.cut }));
    if (track.killed) notices.push(t("killed"));
    if (track.damaged !== null) notices.push(t("damaged", { n: track.damaged }));
    if (!track.length) notices.push(t("noSteps"));
    const infos = track.scheduler === "AsyncScheduler" ? [t("async")] : [];
    this.notices.replaceChildren(
      ...notices.map((text) => h("p", { class: "notice" }, text)), ...infos.map((text) => h("p", { class: "notice info" }, text)));
    this.notices.hidden = !notices.length && !infos.length;
    if (!track.length) return;
    write(this.laneTitle, t("lanesHeading"));
    write(this.poolTitle, t("poolHeading"));
    write(this.poolNote, t("poolNote", { n: track.blocks - 1, size: track.blockSize }));
    const key = (kind, prefix, word) => ([code, name]) => h("li", {}, explained(
      h("button", { type: "button" }, h("i", { class: `swatch ${prefix}-${name}`, "aria-hidden": "true" }), t(word(code, name))),
      kind === "lanes" && code.length === 1 ? `state_${code}` : code));
    const seen = new Set(track.requests.flatMap((request) => request.runs.map((run) => run[1])));
    const lanes = KEYS.lanes.filter(([code]) => (code === "recompute" ? seen.has("P") || seen.has("C") : seen.has(code)));
    this.laneKeys.replaceChildren(...lanes.map(key("lanes", "lane", (code) => (code === "recompute" ? "key_recompute" : `state_${code}`))));
    this.poolKeys.replaceChildren(...KEYS.pool.map(key("pool", "pool", (_, name) => `key_${name}`)));
    this.counters.restyle();
    this.lanes.restyle();
    this.pool.restyle(Math.max(this.lanes.height, this.compared ? 150 : 230));
  }

  /** Gives the step as one text. */
  draw(selected) {
    if (!this.track.length) return t("noSteps");
    const view = this.track.view(this.clock.stepOf(this.track));
    this.counters.draw(view);
    this.lanes.draw(view.step, selected);
    this.pool.draw(view, selected);
    const over = this.clock.isOver(this.track);
    write(this.over, over ? t("ended", { n: this.track.number.at(-1) }) : "");
    this.element.classList.toggle("isOver", over);
    return this.events.draw(view);
  }
}
