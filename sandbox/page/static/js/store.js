/** The one place where what the page knows is kept. */

/**
 * @template {object} State
 */
export class Store {
  /** @type {Map<string, Set<() => void>>} */
  #listeners = new Map();

  /** @param {State} initial */
  constructor(initial) {
    /** @type {Readonly<State>} */
    this.state = initial;
  }

  /**
   * Change some of it, and tell those who listen to what changed, each of them once.
   * @param {Partial<State>} patch
   */
  set(patch) {
    const changed = Object.keys(patch).filter((key) => this.state[key] !== patch[key]);
    this.state = { ...this.state, ...patch };
    new Set(changed.flatMap((key) => [...(this.#listeners.get(key) ?? [])])).forEach((listen) => listen());
  }

  /**
   * Call `listen` now, and whenever one of `keys` changes.
   * @param {Array<keyof State & string>} keys
   * @param {() => void} listen
   */
  on(keys, listen) {
    for (const key of keys) {
      if (!this.#listeners.has(key)) this.#listeners.set(key, new Set());
      this.#listeners.get(key).add(listen);
    }
    listen();
  }
}
