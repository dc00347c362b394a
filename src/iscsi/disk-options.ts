import type { ChapOptions } from './chap.ts'
import { IscsiError } from './errors.ts'
import type { PortalAddress } from './login-status.ts'
import type { Identity } from './lun-facts.ts'
import type { Offer } from './negotiation.ts'
import type { SessionTimeouts } from './session-options.ts'

export interface DiskPortal extends PortalAddress {
  readonly groupTag: number
}

export interface DiskTimeouts extends SessionTimeouts {
  /** For `close`: finishing open requests, flushing and logging out together. */
  readonly closeMs: number
  /** How long a write that found no space, or a broken medium, waits until it is tried again. Default: 1 s. */
  readonly retryWriteMs: number
  /** How long requests wait for a LUN that the target no longer shows. Default: for ever. */
  readonly lunGoneMs: number
}

/** What a disk is doing, for a status page or a metric. */
export type DiskState =
  | { readonly kind: 'online' }
  /** The target is away, or does not let this initiator in (`error.code` tells); requests wait. */
  | { readonly kind: 'reconnecting'; readonly error: IscsiError; readonly attempt: number }
  /** The target answers but no longer shows the LUN; requests wait. */
  | { readonly kind: 'lun_gone'; readonly error: IscsiError }
  /** Final: the LUN is another one. All requests fail. */
  | { readonly kind: 'stopped'; readonly error: IscsiError }
  | { readonly kind: 'closed' }

export interface ReconnectingDiskOptions {
  readonly portals: readonly DiskPortal[]
  readonly targetName: string
  readonly initiatorName: string
  /** 6 bytes; see `isidOf`. */
  readonly isid: Uint8Array
  readonly lun: number
  readonly expected: Identity
  readonly chap?: ChapOptions | undefined
  readonly digests?: { readonly header: boolean; readonly data: boolean } | undefined
  readonly timeouts?: Partial<DiskTimeouts> | undefined
  /** Other wishes for the negotiation, such as burst lengths. */
  readonly offer?: Partial<Offer> | undefined
  /** Others write to the LUN too: no LUN reset after a reconnect, since it would abort their commands. */
  readonly shared?: boolean | undefined
  /** Ends `open`, not the disk. */
  readonly signal?: AbortSignal | undefined
  readonly onState?: ((state: DiskState) => void) | undefined
}

const MAX_LUN = 16383

export function checkDiskOptions(options: ReconnectingDiskOptions): void {
  const { portals, lun, expected } = options
  const bad = (what: string) => new IscsiError('invalid_argument', what)
  if (portals.length === 0) throw bad('a disk needs at least one portal')
  if (!Number.isInteger(lun) || lun < 0 || lun > MAX_LUN) throw bad(`LUN ${lun} is out of range`)
  if (expected.serial === '' || expected.naa === '') throw bad('a disk needs an expected serial and NAA')
}
