// Where on the common axis the page stands, by step or by time, and playing on. Knows nothing of the page.

class Clock {
  constructor(tracks, changed) {
    this.tracks = tracks;
    this.changed = changed;
    this.speed = 5; // positions per second
    this.zoom = 1;
    this.position = 0;
    this.playing = false;
    this.setAxis("step");
  }

  setAxis(axis) {
    const now = this.axis === undefined ? 0 : this.timeOf(this.position);
    const steps = this.axis === undefined ? 0 : Math.max(0, ...this.tracks.map((track) => this.stepOf(track)));
    this.axis = axis;
    this.times = [...new Set(this.tracks.flatMap((track) => track.at))].sort((a, b) => a - b);
    this.length = axis === "time" ? this.times.length : Math.max(0, ...this.tracks.map((track) => track.length));
    this.position = axis === "time" ? Math.max(0, countUpTo(this.times, now) - 1) : steps;
  }

  /** Microseconds since the first arrival: when the step at a position was scheduled. */
  timeOf(position) {
    if (this.axis === "time") return this.times[position] ?? 0;
    return Math.max(0, ...this.tracks.map((track) => track.at[Math.min(position, track.length - 1)] ?? 0));
  }

  /** The index of the track's step. */
  stepOf(track) {
    const step = this.axis === "time" ? countUpTo(track.at, this.times[this.position]) - 1 : this.position;
    return Math.max(0, Math.min(step, track.length - 1));
  }

  /** Whether the track has come to its end and another goes on. */
  isOver(track) {
    if (this.axis === "time") return this.times[this.position] > track.end[track.length - 1];
    return this.position >= track.length;
  }

  positionOf(track, step) {
    return this.axis === "time" ? Math.max(0, countUpTo(this.times, track.at[step]) - 1) : step;
  }

  set(position) {
    const wanted = Math.max(0, Math.min(position, this.length - 1));
    if (wanted === this.position) return;
    this.position = wanted;
    this.changed();
  }

  move(by) { this.set(this.position + by); }

  /** To the next position (or the one before) at which some track has an event. */
  toEvent(direction) {
    const all = this.tracks.flatMap((track) => track.eventSteps.map((step) => this.positionOf(track, step)));
    const beyond = all.filter((position) => (position - this.position) * direction > 0);
    if (beyond.length) this.set(direction > 0 ? Math.min(...beyond) : Math.max(...beyond));
  }

  /** What part of the axis is on show: `[from, to]`, in steps or microseconds. */
  window() {
    const whole = this.axis === "time" ? Math.max(1, ...this.tracks.map((track) => track.end[track.length - 1] ?? 0)) : Math.max(1, this.length);
    const span = whole / this.zoom;
    const centre = this.axis === "time" ? this.timeOf(this.position) : this.position + 0.5;
    const from = Math.max(0, Math.min(centre - span / 2, whole - span));
    return [from, from + span];
  }

  /** Where on the axis a step begins; the index after the last one is where that ends. */
  edge(track, step) {
    if (this.axis === "step") return step;
    return step < track.length ? track.at[step] : track.end[track.length - 1];
  }

  toggle() { this.play(!this.playing); }

  play(on) {
    this.playing = on;
    if (on) {
      if (this.position >= this.length - 1) this.position = 0;
      let last = performance.now(), owed = 0;
      const run = this.run = (now) => {
        if (!this.playing || this.run !== run) return;
        owed += (now - last) / 1000 * this.speed;
        last = now;
        const whole = Math.floor(owed);
        owed -= whole;
        if (this.position + whole >= this.length - 1) this.playing = false;
        if (whole) this.set(this.position + whole);
        if (this.playing) requestAnimationFrame(run); else this.changed();
      };
      requestAnimationFrame(run);
    }
    this.changed();
  }
}
