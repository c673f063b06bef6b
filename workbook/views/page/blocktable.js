// A request's block table as text: logical block, block id, the tokens whose K and V are there. Rows that stay are kept.

const HEAD = 2, TAIL = 5, LONG = 12; // of a long table, so many rows are shown

class BlockTable {
  constructor() {
    this.rows = []; // [key, element]
    this.all = false;
    this.body = h("tbody", {});
    this.head = h("tr", {});
    this.element = h("table", { class: "blocktable" }, h("thead", {}, this.head), this.body);
    this.body.addEventListener("click", (event) => {
      if (event.target.closest(".more")) { this.all = !this.all; this.draw(...this.shown); }
    });
  }

  restyle() {
    this.rows = [];
    this.body.replaceChildren();
    this.head.replaceChildren(...["colIndex", "colBlock", "colFill", "colTokens", "colNotes"].map((key) => h("th", { scope: "col" }, t(key))));
  }

  draw(track, view, r) {
    this.shown = [track, view, r];
    const cell = view.cells[r], table = cell && track.table(r, view.step);
    const wanted = [];
    const length = table ? table.length : 0;
    // The rows that this step writes to are at the end; a long table's middle is folded.
    const folded = !this.all && length > LONG ? [HEAD, length - TAIL] : [length, length];
    for (let k = 0; k < length; k++) {
      if (k === folded[0]) {
        const hidden = folded[1] - folded[0];
        wanted.push([`more ${hidden}`, () => this.moreRow(t("more", { n: hidden }))]);
        k = folded[1];
      }
      wanted.push(this.row(track, view, r, cell, table, k));
    }
    if (this.all && length > LONG) wanted.push(["fewer", () => this.moreRow(t("fewer"))]);
    this.replace(wanted);
    this.element.hidden = length === 0;
  }

  moreRow(text) {
    return h("tr", { class: "more" }, h("td", { colspan: 5 }, h("button", { type: "button" }, text)));
  }

  replace(wanted) {
    while (this.rows.length > wanted.length) this.rows.pop()[1].remove();
    wanted.forEach(([key, make], k) => {
      if (this.rows[k]?.[0] === key) return;
      const element = make();
      if (this.rows[k]) this.rows[k][1].replaceWith(element); else this.body.append(element);
      this.rows[k] = [key, element];
    });
  }

  /** `[key, make]`: two rows with the same key look the same. */
  row(track, view, r, cell, table, k) {
    const block = table.blocks[k], size = track.blockSize, from = k * size;
    const held = Math.max(0, Math.min(cell.computed + cell.scheduled - from, size));
    const before = Math.max(0, Math.min(cell.computed - from, held)); // slots filled before this step
    const others = (view.holders[block] ?? []).filter((other) => other !== r);
    const isNew = k >= table.before, isCached = view.cached[block] === 1;
    const drafts = held > before ? track.drafts(r, view.step) : null;
    const firstDraft = drafts ? cell.computed + cell.scheduled - drafts.tokens.length : Infinity;
    const key = [track.order, r, k, block, held, before, others, isNew, isCached, drafts ? view.step : ""].join(" ");
    return [key, () => {
      const tokens = [];
      for (let position = from; position < from + held; position++) {
        const draft = position - firstDraft;
        const token = draft >= 0 ? drafts.tokens[draft] : track.token(r, position);
        const kind = draft < 0 ? "" : drafts.accepted === null ? " draft" : draft < drafts.accepted ? " draft accepted" : " draft rejected";
        tokens.push(this.token(track, token, position, block, size, (position - from >= before ? "token now" : "token") + kind));
      }
      const ids = t("tokenIds", { ids: Array.from({ length: held }, (_, n) => track.token(r, from + n) ?? "?").join(", ") });
      const button = explained(h("button", { type: "button", class: "blockId" }, String(block)), "row", () => ({
        title: t("blockNumber", { n: block }), lines: [t("blockFill", { n: held, size }), ids],
      }));
      return h("tr", { "data-block": block },
        h("td", { class: "number" }, String(k)),
        h("td", {}, button),
        h("td", { class: "number" }, `${held}/${size}`),
        h("td", { class: "tokens" }, ...tokens.flatMap((token) => [token, h("wbr")])),
        h("td", { class: "notes" },
          isNew ? h("span", { class: "badge new" }, t("newBlock")) : null,
          others.length ? h("span", { class: "badge shared" }, t("sharedWith", { who: namesOf(track, others) })) : null,
          isCached ? h("span", { class: "badge" }, t("isCached")) : null));
    }];
  }

  token(track, token, position, block, size, kind) {
    const element = h("span", { class: kind }, tokenText(track, token));
    return explained(element, "token", () => ({
      title: t("tokenTitle", { id: token ?? "?" }),
      lines: [
        t("tokenPlace", { p: position, block, size, offset: position % size, slot: block * size + position % size }),
        kind.includes("draft") ? t("tokenDraft") : "",
        kind.includes("now") ? t("newHere") : "",
      ],
    }));
  }
}
