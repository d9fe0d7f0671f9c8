/** The two sides of the page: beside the messages where there is room, else over them, one at a time. */

/** @typedef {{side: HTMLElement, room: MediaQueryList, isOpen: boolean, opener: HTMLElement|null}} Drawer */

/** Opens and closes the sides. */
export class Drawers {
  /** @type {Map<string, Drawer>} */
  #all = new Map();

  /** @param {HTMLElement} scrim covers the messages while a side lies over them */
  constructor(scrim) {
    this.scrim = scrim;
    scrim.addEventListener("click", () => this.closeOverlays());
    document.addEventListener("keydown", (event) => {
      const isFree = !document.querySelector("dialog[open], [popover]:popover-open");
      if (event.key === "Escape" && !scrim.hidden && isFree) this.closeOverlays();
    });
  }

  /**
   * Take a side in.
   * @param {string} name
   * @param {HTMLElement} side
   * @param {string} room the media query under which it has room beside the messages
   */
  add(name, side, room) {
    const query = matchMedia(room);
    this.#all.set(name, { side, room: query, isOpen: query.matches, opener: null });
    query.addEventListener("change", () => {
      this.#all.get(name).isOpen = query.matches;
      this.#apply();
    });
    this.#apply();
  }

  /**
   * Open a side that is closed, and close one that is open.
   * @param {string} name
   * @param {HTMLElement} opener gets the focus back
   */
  toggle(name, opener) {
    const drawer = this.#all.get(name);
    drawer.isOpen = !drawer.isOpen;
    drawer.opener = opener;
    if (drawer.isOpen && !drawer.room.matches) {
      for (const other of this.#all.values()) if (other !== drawer && !other.room.matches) other.isOpen = false;
    }
    this.#apply();
    if (drawer.isOpen && !drawer.room.matches) drawer.side.querySelector("button")?.focus();
  }

  /** Close what lies over the messages. */
  closeOverlays() {
    for (const drawer of this.#all.values()) {
      if (!drawer.isOpen || drawer.room.matches) continue;
      drawer.isOpen = false;
      this.#apply();
      drawer.opener?.focus();
    }
  }

  #apply() {
    for (const [name, { side, isOpen }] of this.#all) {
      side.inert = !isOpen;
      side.classList.toggle("open", isOpen);
      document.querySelector(`[data-opens="${name}"]`)?.setAttribute("aria-expanded", String(isOpen));
    }
    const isCovered = [...this.#all.values()].some(({ isOpen, room }) => isOpen && !room.matches);
    this.scrim.hidden = !isCovered;
    const chat = document.querySelector(".chat");
    if (chat) chat.inert = isCovered;
  }
}
