import type { ChapOptions } from './chap.ts'
import type { IscsiError } from './errors.ts'
import type { PortalAddress } from './login-status.ts'
import type { Offer } from './negotiation.ts'

export interface SessionTimeouts {
  readonly loginMs: number
  readonly commandMs: number
  readonly abortMs: number
  readonly lunResetMs: number
  /** After so long a silence the target is pinged. */
  readonly pingAfterMs: number
  /**
   * The same while commands are under way. A ping also makes a target go on that has overlooked what it was sent, as
   * tgtd seems to do at times: stalls of just its ping interval were seen.
   */
  readonly pingBusyAfterMs: number
  readonly pingMs: number
  readonly logoutMs: number
  readonly textMs: number
}

export const DEFAULT_TIMEOUTS: SessionTimeouts = {
  loginMs: 10_000,
  commandMs: 30_000,
  abortMs: 15_000,
  lunResetMs: 30_000,
  pingAfterMs: 5_000,
  pingBusyAfterMs: 1_000,
  pingMs: 5_000,
  logoutMs: 5_000,
  textMs: 10_000,
}

export interface SessionOptions {
  readonly portal: PortalAddress
  readonly initiatorName: string
  /** Undefined opens a discovery session. */
  readonly targetName?: string | undefined
  /** 6 bytes; see isid.ts. */
  readonly isid: Uint8Array
  readonly chap?: ChapOptions | undefined
  readonly offer?: Partial<Offer> | undefined
  readonly timeouts?: Partial<SessionTimeouts> | undefined
  /** Commands sent and not answered. Default 128. */
  readonly maxInFlight?: number | undefined
  /** Commands that wait for the window. Default 1024. */
  readonly maxWaiting?: number | undefined
  readonly firstCmdSn?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Called once, after every open command has got the same error. */
  readonly onEnd?: ((error: IscsiError) => void) | undefined
}
