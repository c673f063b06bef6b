// Making elements and writing numbers. Texts go in as text, never as markup: they come from prompts.

function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const byId = (id) => document.getElementById(id);

/** Set an element's text, only if it is another one: a scrub must not lay out what stays. */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function duration(us) {
  if (us === null) return t("unknown");
  if (us >= 1e6) return `${(us / 1e6).toFixed(2)} s`;
  if (us >= 1e4) return `${(us / 1e3).toFixed(1)} ms`;
  if (us >= 1e3) return `${(us / 1e3).toFixed(2)} ms`;
  return `${us} µs`;
}

/** A token as one can see it: line breaks and tabs as signs, an unknown one by its id. */
function tokenText(track, token) {
  if (token === undefined || token < 0) return "?";
  const text = track.texts[token];
  if (text === undefined || text === "") return `⟨${token}⟩`;
  return text.replaceAll("\n", "⏎").replaceAll("\t", "⇥").replaceAll("\r", "␍");
}

const nameOf = (track, r) => t("request", { id: track.requests[r].id });

/** "request 3", "requests 0–63", "requests 1, 4, 7, …". */
function namesOf(track, list) {
  if (list.length === 1) return nameOf(track, list[0]);
  const ids = list.map((r) => track.requests[r].id);
  const row = list.length > 2 && list.every((r, k) => r === list[0] + k);
  if (row) return t("manyRequests", { ids: `${ids[0]}–${ids.at(-1)}` });
  return t("manyRequests", { ids: ids.slice(0, 12).join(", ") + (ids.length > 12 ? ", …" : "") });
}

/** Links to vLLM's source. */
function sourceLinks(names, version) {
  return names.map((name) =>
    h("a", { href: sourceOf(name, version), target: "_blank", rel: "noreferrer", class: "symbol" }, SYMBOLS[name]));
}
