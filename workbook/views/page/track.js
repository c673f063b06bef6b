// One recording: what was so at any step, looked up in intervals. Knows nothing of the page.

/** The index of the last entry of `runs` whose first element is at most `step`; -1 if none. */
function lastAt(runs, step) {
  let low = 0, high = runs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (runs[middle][0] <= step) low = middle + 1; else high = middle;
  }
  return low - 1;
}

/** How many of the ascending numbers are at most `step`. */
function countUpTo(numbers, step) {
  let low = 0, high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] <= step) low = middle + 1; else high = middle;
  }
  return low;
}

class Track {
  constructor(data, order) {
    Object.assign(this, data);
    this.order = order; // of the recordings on the page
    this.length = this.number.length;
    this.eventSteps = Object.keys(this.events).map(Number).sort((a, b) => a - b);
    // A short name for small places: the id where it is short, else the place in the order of arrival.
    this.requests.forEach((request, r) => { request.short = request.id.length <= 3 ? request.id : `#${r}`; });
    this.toggleList = Array.from({ length: this.blocks }, (_, block) => this.toggles[block] ?? null);
    this.lastView = null;
  }

  /** What request r does in a step: code, computed before, scheduled; null before its arrival. */
  cell(r, step) {
    const runs = this.requests[r].runs;
    const index = lastAt(runs, step);
    if (index < 0) return null;
    const [from, code, computed, scheduled] = runs[index];
    return { code, computed: computed + (step - from) * scheduled, scheduled };
  }

  batch(step) {
    const index = lastAt(this.batches, step);
    return index < 0 ? [] : this.batches[index][1];
  }

  /** The block table of request r, with how many blocks it had before this step; null if it holds none. */
  table(r, step) {
    const tables = this.requests[r].tables;
    for (let k = tables.length - 1; k >= 0; k--) {
      const table = tables[k];
      if (table.from > step) continue;
      if (table.to !== null && table.to <= step) return null;
      const length = table.grown[lastAt(table.grown, step)][1];
      const grown = lastAt(table.grown, step - 1);
      const before = grown < 0 ? table.shared : table.grown[grown][1];
      return { blocks: table.blocks, length, before, hit: table.hit, shared: table.shared };
    }
    return null;
  }

  inCache(block, step) {
    const toggles = this.toggleList[block];
    return toggles !== null && countUpTo(toggles, step) % 2 === 1;
  }

  /** Outputs of request r before a step, and how many the step gives. */
  outputs(r, step) {
    const runs = this.requests[r].given;
    const index = lastAt(runs, step);
    if (index < 0) return { before: 0, given: 0 };
    const [from, , before, given] = runs[index];
    return { before: before + (step - from) * given, given };
  }

  drafts(r, step) {
    const drafts = this.requests[r].drafts;
    const index = lastAt(drafts, step);
    if (index < 0 || drafts[index][0] !== step) return null;
    return { tokens: drafts[index][1], accepted: drafts[index][2] };
  }

  /** The token at a position of request r; undefined if its id is not known. */
  token(r, position) {
    const { prompt, promptTokens, outputs } = this.requests[r];
    return position < promptTokens ? prompt[position] : outputs[position - promptTokens];
  }

  /** Everything that is drawn for one step. */
  view(step) {
    if (this.lastView?.step === step) return this.lastView;
    const holders = new Array(this.blocks).fill(null);
    const filled = new Uint32Array(this.blocks);
    const fresh = new Uint8Array(this.blocks);
    const cells = this.requests.map((_, r) => this.cell(r, step));
    this.requests.forEach((_, r) => {
      const table = cells[r] && this.table(r, step);
      if (!table) return;
      const held = cells[r].computed + cells[r].scheduled;
      for (let k = 0; k < table.length; k++) {
        const block = table.blocks[k];
        (holders[block] ??= []).push(r);
        filled[block] = Math.max(filled[block], Math.min(Math.max(held - k * this.blockSize, 0), this.blockSize));
        if (k >= table.before) fresh[block] = 1;
      }
    });
    const cached = new Uint8Array(this.blocks);
    let kept = 0, shared = 0;
    for (let block = 1; block < this.blocks; block++) {
      if (this.inCache(block, step)) {
        cached[block] = 1;
        if (holders[block] === null) kept += 1;
      }
      if (holders[block] !== null && holders[block].length > 1) shared += 1;
    }
    this.lastView = { step, cells, holders, filled, fresh, cached, kept, shared, batch: this.batch(step) };
    return this.lastView;
  }
}
