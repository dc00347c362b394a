import type { IscsiError, IscsiErrorCode } from './errors.ts'

/** A target that is away is missed soon when it is back. */
const AWAY = { firstMs: 50, maxMs: 2000 }
/** An initiator that is not let in was fenced or not yet granted: asking often helps nobody. */
const REFUSED = { firstMs: 100, maxMs: 5000 }
const REFUSALS: ReadonlySet<IscsiErrorCode> = new Set([
  'auth_failed',
  'not_authorized',
  'target_not_found',
  'login_refused',
  'reservation_conflict',
])

/** How long to wait before the next attempt: twice as long each time, anew when the trouble is of another kind. */
export class Backoff {
  #attempt = 0
  #limits = AWAY

  get attempt(): number {
    return this.#attempt
  }

  next(error: IscsiError): number {
    const limits = REFUSALS.has(error.code) ? REFUSED : AWAY
    this.#attempt = limits === this.#limits ? this.#attempt + 1 : 1
    this.#limits = limits
    return Math.min(limits.maxMs, limits.firstMs * 2 ** Math.min(this.#attempt - 1, 16))
  }

  reset(): void {
    this.#attempt = 0
  }
}
