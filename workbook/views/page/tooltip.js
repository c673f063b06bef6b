// One tooltip for all: by pointer or keyboard focus, with vLLM's name for the thing; it stays while the pointer is in it.

const tip = {
  element: null, owner: null, timer: 0, version: "",

  start(version) {
    this.element = byId("tip");
    this.version = version;
    document.addEventListener("pointerover", (event) => this.over(event.target, event));
    document.addEventListener("focusin", (event) => { if (event.target.matches(":focus-visible")) this.over(event.target); });
    document.addEventListener("focusout", () => this.hideSoon());
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") this.hide(); });
    document.addEventListener("scroll", () => this.hide(), { passive: true, capture: true });
  },

  over(target, event) {
    if (!(target instanceof Element)) return;
    if (this.element.contains(target)) return clearTimeout(this.timer);
    const owner = target.closest("[data-tip]");
    if (owner) {
      if (owner === this.owner) return clearTimeout(this.timer);
      const content = owner.tipContent?.() ?? {};
      const known = EXPLANATIONS[owner.dataset.tip] ?? {};
      const box = owner.getBoundingClientRect();
      this.show(owner, {
        title: content.title ?? "",
        lines: [...(content.lines ?? []), known.text?.[language] ?? ""],
        symbols: [...(content.symbols ?? []), ...(known.symbols ?? [])],
      }, event ? event.clientX : box.left + box.width / 2, box.bottom, box.top);
    } else if (!target.closest("canvas")) {
      this.hideSoon();
    }
  },

  /** Below y, or above `top` where there is no room. */
  show(owner, { title, lines, symbols }, x, y, top = y) {
    clearTimeout(this.timer);
    this.owner?.removeAttribute("aria-describedby");
    this.owner = owner;
    const shown = lines.filter(Boolean);
    if (!title && !shown.length) return this.hide();
    owner.setAttribute("aria-describedby", "tip");
    this.element.replaceChildren(
      ...(title ? [h("strong", {}, title)] : []),
      ...shown.map((line) => h("p", {}, line)),
      ...sourceLinks([...new Set(symbols)], this.version),
    );
    this.element.hidden = false;
    const { offsetWidth: width, offsetHeight: height } = this.element;
    const left = Math.max(8, Math.min(x - 24, document.documentElement.clientWidth - width - 8));
    const below = y + 10 + height < window.innerHeight;
    this.element.style.left = `${left}px`;
    this.element.style.top = `${below ? y + 10 : Math.max(8, top - height - 10)}px`;
  },

  hideSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.hide(), 250);
  },

  hide() {
    clearTimeout(this.timer);
    this.owner?.removeAttribute("aria-describedby");
    this.owner = null;
    if (this.element) this.element.hidden = true;
  },
};

/** Give an element an explanation: a key of EXPLANATIONS, and what is special here (title, lines, symbols). */
function explained(element, key, content) {
  element.dataset.tip = key;
  if (content) element.tipContent = content;
  return element;
}
