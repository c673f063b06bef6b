// Ties it together: position, selection, language and theme come in; everything is drawn from them.

const DATA = JSON.parse(byId("data").textContent);
language = DATA.language === "zh" ? 1 : 0;
const tracks = DATA.recordings.map((data, order) => new Track(data, order));
let selected = null; // [track, request]; null: the first in the batch
const clock = new Clock(tracks, draw);
const requestView = new RequestView();
const panels = tracks.map((track) => new Panel(track, clock, (r) => { selected = [track, r]; draw(); }, tracks.length > 1));
byId("panels").append(...panels.map((panel) => panel.element));
const none = tracks.every((track) => track.length === 0);

function current() {
  if (selected) return selected;
  const track = tracks.find((one) => one.length) ?? tracks[0];
  return [track, track.batch(clock.stepOf(track))[0] ?? 0];
}

function draw() {
  if (none) return void panels.forEach((panel) => panel.draw(null));
  const [track, r] = current();
  const said = panels.map((panel) => panel.draw(panel.track === track ? r : null));
  if (track.requests.length) requestView.draw(track, track.view(clock.stepOf(track)), r);
  const first = tracks.find((one) => one.length), number = first.number[clock.stepOf(first)];
  const position = clock.axis === "time"
    ? `${(clock.timeOf(clock.position) / 1e6).toFixed(3)} s`
    : t("position", { n: tracks.length > 1 ? clock.position + 1 : number, of: tracks.length > 1 ? clock.length : first.number.at(-1) });
  write(byId("position"), position);
  byId("slider").value = clock.position;
  byId("slider").setAttribute("aria-valuetext", position);
  byId("play").classList.toggle("playing", clock.playing);
  byId("play").setAttribute("aria-label", t(clock.playing ? "pause" : "play"));
  const choice = selected ? `${track.order} ${r}` : "";
  if (byId("chosen").value !== choice) byId("chosen").value = choice;
  if (!clock.playing) {
    write(byId("live"), said.join(" "));
    remember(`#step=${number}`);
  }
}

function remember(hash) {
  if (location.hash === hash) return;
  clearTimeout(remember.timer); // browsers allow only so many changes a second
  remember.timer = setTimeout(() => {
    try { history.replaceState(null, "", hash); } catch { /* some browsers forbid it on file:// */ }
  }, 120);
}

function followHash() {
  const wanted = /step=(\d+)/.exec(location.hash);
  const first = tracks.find((track) => track.length);
  if (!wanted || !first) return;
  const step = Math.max(0, countUpTo(first.number, Number(wanted[1])) - 1);
  clock.set(clock.positionOf(first, step));
}

/** All that language, theme or size change. */
function restyle() {
  document.documentElement.lang = language ? "zh-CN" : "en";
  colours.read();
  for (const element of document.querySelectorAll("[data-word]")) write(element, t(element.dataset.word));
  for (const element of document.querySelectorAll("[data-symbols]")) {
    element.replaceChildren(...sourceLinks(element.dataset.symbols.split(" "), tracks[0].vllm));
  }
  document.querySelector("nav").setAttribute("aria-label", t("transport"));
  for (const id of ["first", "back", "forward", "last", "zoomIn", "zoomOut"]) byId(id).setAttribute("aria-label", t(id));
  for (const id of ["eventBack", "eventForward"]) write(byId(id), t(id));
  byId("slider").setAttribute("aria-label", t("slider"));
  write(byId("subtitle"), tracks.length > 1 ? t("compared") : `${tracks[0].name} · ${t("subtitle", tracks[0])}`);
  write(byId("language"), t("otherLanguage"));
  byId("language").lang = language ? "en" : "zh-CN";
  write(byId("theme"), t(colours.dark ? "light" : "dark"));
  byId("speed").replaceChildren(...[2, 5, 15, 60].map((n) => h("option", { value: n, selected: n === clock.speed }, t("perSecond", { n }))));
  byId("axis").replaceChildren(...[["step", "byStep"], ["time", "byTime"]].map(([value, word]) => h("option", { value, selected: value === clock.axis }, t(word))));
  byId("chosen").setAttribute("aria-label", t("requestHeading"));
  byId("chosen").replaceChildren(h("option", { value: "" }, t("following")), ...tracks.map((track) => {
    const options = track.requests.map((_, r) => h("option", { value: `${track.order} ${r}` }, nameOf(track, r)));
    return tracks.length > 1 ? h("optgroup", { label: track.name }, ...options) : options;
  }).flat());
  byId("sources").replaceChildren(h("ul", {}, ...Object.keys(SYMBOLS).map((name) => h("li", {}, ...sourceLinks([name], tracks[0].vllm)))));
  byId("slider").max = Math.max(0, clock.length - 1);
  requestView.restyle();
  panels.forEach((panel) => panel.restyle());
  draw();
}

function setZoom(zoom) {
  clock.zoom = Math.max(1, Math.min(zoom, Math.max(1, 2 ** Math.ceil(Math.log2(Math.max(1, clock.length / 20))))));
  draw();
}

const actions = {
  first: () => clock.set(0), last: () => clock.set(clock.length - 1),
  back: () => clock.move(-1), forward: () => clock.move(1),
  play: () => clock.toggle(),
  eventBack: () => clock.toEvent(-1), eventForward: () => clock.toEvent(1),
  zoomIn: () => setZoom(clock.zoom * 2), zoomOut: () => setZoom(clock.zoom / 2),
  language: () => { language = 1 - language; restyle(); },
  theme: () => { document.documentElement.dataset.theme = colours.dark ? "light" : "dark"; restyle(); },
};
for (const [id, action] of Object.entries(actions)) byId(id).addEventListener("click", action);
byId("slider").addEventListener("input", () => clock.set(Number(byId("slider").value)));
byId("speed").addEventListener("change", () => { clock.speed = Number(byId("speed").value); });
byId("axis").addEventListener("change", () => { clock.setAxis(byId("axis").value); clock.zoom = 1; restyle(); });
byId("chosen").addEventListener("change", () => {
  const [order, r] = byId("chosen").value.split(" ").map(Number);
  selected = byId("chosen").value ? [tracks[order], r] : null;
  draw();
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select")) return;
  const ten = event.shiftKey ? 10 : 1;
  const keys = {
    ArrowLeft: () => clock.move(-ten), ArrowRight: () => clock.move(ten), Home: actions.first, End: actions.last,
    " ": actions.play, n: actions.eventForward, p: actions.eventBack, "+": actions.zoomIn, "=": actions.zoomIn, "-": actions.zoomOut,
  };
  const action = keys[event.key] ?? keys[event.key.toLowerCase()];
  if (!action || none || (event.key === " " && event.target.matches("button, a, summary"))) return;
  event.preventDefault(); // also keeps the slider from moving twice
  action();
});
window.addEventListener("hashchange", followHash);
window.addEventListener("resize", restyle);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", restyle);

tip.start(tracks[0].vllm);
document.body.classList.toggle("none", none);
restyle();
followHash();
window.timeMachine = { clock, tracks, draw };
