/** How long a lease is, and what it takes for another to have its disk. All are durations: no clocks are compared. */
export interface LeaseTimes {
  /** An initiator that renewed counts as alive for this long. */
  readonly durationMs: number
  /** How often it renews. */
  readonly renewMs: number
  /** Added to the duration where the element counts. */
  readonly marginMs: number
  /** The limit of the fence at the target. */
  readonly fenceMs: number
}

export interface LeaseTerms extends LeaseTimes {
  /** The longest from the last renewal that came in to the disk being granted to another. */
  readonly boundMs: number
}

export const DEFAULT_LEASE_TIMES: LeaseTimes = {
  durationMs: 15_000,
  renewMs: 3000,
  marginMs: 1000,
  fenceMs: 10_000,
}

/** How far two machines' clocks may drift apart, as a part of what they count: kernels slew by 0.05 % at most. */
const DRIFT = 0.01

/** From receipt of a renewal on the element's clock until no initiator that keeps its time counts on it. */
export const overAfterMs = ({ durationMs, marginMs }: LeaseTimes): number =>
  Math.ceil(durationMs * (1 + DRIFT)) + marginMs

export const leaseTerms = (times: LeaseTimes): LeaseTerms => ({
  ...times,
  boundMs: overAfterMs(times) + times.fenceMs,
})
