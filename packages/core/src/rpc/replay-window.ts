/**
 * Which numbers of a session have been seen. Numbers rise, but a broker may reorder a few: those within the window are taken
 * once, those older than it never.
 */
export class ReplayWindow {
  readonly #width: number;
  readonly #seen = new Set<number>();
  #highest = 0;

  constructor(width = 1024) {
    this.#width = width;
  }

  /** @returns whether this number was not seen before; it now is. */
  take(n: number): boolean {
    if (n <= this.#highest - this.#width || this.#seen.has(n)) return false;
    this.#seen.add(n);
    if (n > this.#highest) {
      this.#highest = n;
      for (const old of this.#seen) if (old <= n - this.#width) this.#seen.delete(old);
    }
    return true;
  }
}

/** Windows by session, the longest unused forgotten beyond `limit`; a message of a forgotten session still has to be fresh by its receiver's session. */
export class ReplayWindows {
  readonly #windows = new Map<string, ReplayWindow>();
  readonly #limit: number;

  constructor(limit = 1024) {
    this.#limit = limit;
  }

  take(session: string, n: number): boolean {
    const window = this.#windows.get(session) ?? new ReplayWindow();
    this.#windows.delete(session);
    this.#windows.set(session, window);
    if (this.#windows.size > this.#limit) {
      const oldest = this.#windows.keys().next();
      if (!oldest.done) this.#windows.delete(oldest.value);
    }
    return window.take(n);
  }
}
