/** A clock that never steps, and stands still while this process does: stopped, or stuck in one long turn. */
export class AwakeClock implements Disposable {
  readonly #tickMs: number
  readonly #nowMs: () => number
  readonly #timer: NodeJS.Timeout
  #seenMs: number
  #elapsedMs = 0

  /** @param tickMs how exact it is: what is longer than two ticks was a standstill. */
  constructor(tickMs = 500, nowMs: () => number = () => performance.now()) {
    this.#tickMs = tickMs
    this.#nowMs = nowMs
    this.#seenMs = nowMs()
    this.#timer = setInterval(() => this.elapsedMs(), tickMs).unref()
  }

  elapsedMs(): number {
    const nowMs = this.#nowMs()
    this.#elapsedMs += Math.min(nowMs - this.#seenMs, 2 * this.#tickMs)
    this.#seenMs = nowMs
    return this.#elapsedMs
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}
