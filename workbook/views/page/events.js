// What happened in a step: as one sentence for the ear and the eye, and as a list of events.

function sentence(track, view) {
  const sums = { p: [0, 0], c: [0, 0], r: [0, 0], d: [0, 0] };
  for (const r of view.batch) {
    const { code, scheduled } = view.cells[r];
    const sum = sums["PC".includes(code) ? "r" : code];
    sum[0] += 1;
    sum[1] += scheduled;
  }
  const parts = Object.entries(sums).filter(([, [n]]) => n).map(([code, [n, tokens]]) => t(`say_${code}`, { n, tokens }));
  const start = t("sayStep", { n: track.number[view.step] });
  if (!parts.length) return start + t("sayNothing");
  if (track.waiting[view.step]) parts.push(t("say_w", { n: track.waiting[view.step] }));
  return start + parts.join(t("and")) + t("stop");
}

/** Events that say the same of several requests, as one. */
function grouped(events) {
  const groups = new Map();
  for (const [kind, who, ...rest] of events) {
    const values = kind === "finished" ? rest.slice(0, 1) : rest; // not: how many blocks stay cached
    const key = JSON.stringify([kind, kind === "preempted" ? who : "", values]);
    if (!groups.has(key)) groups.set(key, [kind, [], ...values]);
    groups.get(key)[1].push(...(Array.isArray(who) ? who : [who]));
  }
  return [...groups.values()];
}

/** `[kind, text, requests]` of each event. */
function eventsOf(track, view) {
  const told = grouped(track.events[view.step] ?? []).map(([kind, list, ...rest]) => {
    const values = { who: namesOf(track, list) };
    if (kind === "arrived") return [kind, t("arrived", values), list];
    if (kind === "admitted" || kind === "resumed") {
      const [hit, shared] = rest;
      const found = hit ? t("hit", { hit, shared, many: list.length > 1 }) : track.prefixCaching ? t("noHit") : "";
      return ["admitted", t(kind, values) + found, list];
    }
    if (kind === "preempted") {
      const [lost, blocks, kept] = rest;
      return [kind, t(kind, { ...values, lost, blocks }) + (kept ? t("kept", { n: kept }) : ""), list];
    }
    if (kind === "finished") return [kind, t(kind, { ...values, reason: rest[0] }), list];
    return ["endedBetween", t("endedBetween", { ...values, reason: rest[0] }), list];
  });
  let drafted = 0, accepted = 0, known = true;
  for (const r of view.batch) {
    const drafts = track.drafts(r, view.step);
    if (!drafts) continue;
    drafted += drafts.tokens.length;
    if (drafts.accepted === null) known = false; else accepted += drafts.accepted;
  }
  if (drafted) told.push(["drafts", known ? t("drafts", { n: drafted, accepted }) : t("draftsUnknown", { n: drafted }), []]);
  return told;
}

const SIGNS = { arrived: "→", admitted: "▶", preempted: "✕", finished: "■", endedBetween: "■", drafts: "✎" };

class Events {
  constructor(track, chosen) {
    this.track = track;
    this.chosen = chosen;
    this.sentence = h("p", { class: "sentence" });
    this.list = h("ul", {});
    this.element = h("div", { class: "events" }, this.sentence, this.list);
  }

  /** Gives the whole as text, for the live region. */
  draw(view) {
    const events = eventsOf(this.track, view);
    const said = sentence(this.track, view);
    write(this.sentence, said);
    const key = language + JSON.stringify(events);
    if (key !== this.key) {
      this.key = key;
      this.list.replaceChildren(...(events.length ? events.map((event) => this.item(event)) : [h("li", { class: "quiet" }, t("quiet"))]));
    }
    return [said, ...events.map(([, text]) => text)].join(" ");
  }

  item([kind, text, list]) {
    const sign = h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[kind].concat("\uFE0E"));
    const attributes = { type: "button", class: "event", onclick: () => { if (list.length) this.chosen(list[0]); } };
    return h("li", { class: kind }, explained(h("button", attributes, sign, text), kind));
  }
}
