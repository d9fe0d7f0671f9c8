/** Lists whose elements are kept while what they show stays the same. */

/**
 * Bring an element's children to these, leaving in place those that are there already.
 * @param {Element} parent
 * @param {Element[]} nodes
 */
export function reconcile(parent, nodes) {
  const kept = new Set(nodes);
  for (const child of [...parent.children]) if (!kept.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
  });
}

/**
 * Elements by the key of what they show.
 * @template Item
 */
export class Keyed {
  /** @type {Map<unknown, {node: HTMLElement, state: string}>} */
  #shown = new Map();

  /**
   * @param {(item: Item) => unknown} key
   * @param {(item: Item) => string} state which differs whenever the element has to be made anew
   * @param {(item: Item) => HTMLElement} make
   */
  constructor(key, state, make) {
    this.key = key;
    this.state = state;
    this.make = make;
  }

  /** Forget all elements. */
  clear() {
    this.#shown = new Map();
  }

  /**
   * Return the elements that show these items. What was unfolded stays so, where it does not keep that itself.
   * @param {Item[]} items
   * @returns {HTMLElement[]}
   */
  nodes(items) {
    const next = new Map();
    for (const item of items) {
      const key = this.key(item);
      const state = this.state(item);
      const old = this.#shown.get(key);
      next.set(key, old?.state === state ? old : { node: carriedOver(old?.node, this.make(item)), state });
    }
    this.#shown = next;
    return [...next.values()].map(({ node }) => node);
  }
}

function carriedOver(old, made) {
  const folds = (node) => (node ? [
    ...(node.matches("details") ? [node] : []),
    ...node.querySelectorAll("details"),
  ] : []);
  const now = folds(made);
  folds(old).forEach((fold, index) => {
    if (!now[index]) return;
    if (!("ownFold" in fold.dataset)) now[index].open = fold.open;
    if (document.activeElement === fold.firstElementChild) queueMicrotask(() => now[index].firstElementChild.focus());
  });
  return made;
}
