// One request in one step: what it is doing, how far it is, and its block table.

class RequestView {
  constructor() {
    this.table = new BlockTable();
    this.facts = h("dl", { class: "facts" });
    this.empty = h("p", { class: "quiet" });
    byId("request").append(this.facts, this.empty, h("div", { class: "scroll" }, this.table.element));
  }

  restyle() {
    this.key = null;
    this.table.restyle();
  }

  draw(track, view, r) {
    const cell = view.cells[r];
    const request = track.requests[r], code = cell?.code ?? "";
    const { before, given } = track.outputs(r, view.step), drafts = track.drafts(r, view.step);
    const held = track.table(r, view.step);
    const facts = [
      ["state", h("span", { class: `phase ${code.toLowerCase()}`, "data-value": "state" }, t(`state_${code}`))],
      ["computed", cell ? t("computedValue", { from: cell.computed, to: cell.computed + cell.scheduled }) : "–"],
      ["scheduledHere", `+${cell?.scheduled ?? 0}`],
      ["prompt", String(request.promptTokens)],
      ["generated", t("generatedValue", { n: String(before), max: request.maxTokens })],
    ];
    if (held?.hit) facts.push(["hitLine", String(held.hit)]);
    if (drafts) facts.push(["draftLine", this.draftTokens(track, drafts)]);
    if (given) facts.push(["sampled", this.tokens(track, request.outputs.slice(before, before + given))]);
    this.facts.replaceChildren(...facts.map(([key, value]) =>
      h("div", { "data-fact": key }, h("dt", {}, t(key === "state" ? "step" : key)), h("dd", {}, value))));
    const first = this.facts.firstChild.firstChild;
    write(first, nameOf(track, r));
    this.table.draw(track, view, r);
    this.empty.hidden = held !== null && cell !== null;
    write(this.empty, t("noTable"));
  }

  tokens(track, list) {
    return h("span", {}, ...list.map((token) => h("span", { class: "token" }, tokenText(track, token))));
  }

  draftTokens(track, { tokens, accepted }) {
    return h("span", {}, ...tokens.map((token, k) => {
      const kind = accepted === null ? "" : k < accepted ? " accepted" : " rejected";
      const sign = accepted === null ? "" : k < accepted ? "✓" : "✗";
      return h("span", { class: `token draft${kind}` }, tokenText(track, token) + sign);
    }));
  }
}
