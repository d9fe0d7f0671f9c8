/** The connection over which the server tells what happens; it is made again whenever it breaks. */

const FIRST_PAUSE_MILLISECONDS = 500;
const LONGEST_PAUSE_MILLISECONDS = 10_000;

/**
 * @typedef {object} Listener
 * @property {(news: object) => void} onNews
 * @property {(connection: "connecting"|"open"|"lost") => void} onConnection
 */

/** One connection to `/live`. */
export class Live {
  #pause = FIRST_PAUSE_MILLISECONDS;
  #timer = 0;
  /** @type {WebSocket|null} */
  #socket = null;

  /** @param {Listener} listener */
  constructor(listener) {
    this.listener = listener;
  }

  /** Connect now, not at the end of the pause. */
  connect() {
    clearTimeout(this.#timer);
    if (this.#socket && this.#socket.readyState <= WebSocket.OPEN) return;
    const address = new URL("/live", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      this.#pause = FIRST_PAUSE_MILLISECONDS;
      this.listener.onConnection("open");
    });
    socket.addEventListener("message", ({ data }) => this.listener.onNews(JSON.parse(data)));
    socket.addEventListener("close", () => this.#lost());
  }

  /**
   * Say who looks at which channel; every new connection has to be told again.
   * @param {string} userId
   * @param {string} channelId
   */
  look(userId, channelId) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify({ type: "look", user_id: userId, channel_id: channelId }));
  }

  #lost() {
    this.listener.onConnection("lost");
    this.#timer = setTimeout(() => this.connect(), this.#pause);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MILLISECONDS);
  }
}
