import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { asStorageError, type Finding, type Sweep } from '../../volumegroups/index.ts'
import type { VolumeGroupsService } from '../../volumegroups/service.ts'

export interface ReconcilerOptions {
  readonly groups: Pick<VolumeGroupsService, 'sweep'>
  /** From one sweep to the next; the first comes after as long. */
  readonly everyMs: number
  /** A sweep that takes longer begins no other repair: the next one does. */
  readonly limitMs: number
  /** For the figures. */
  readonly swept: (sweep: Sweep) => void
  readonly log: Logger
}

/** Disposing of it stops it. */
export interface Reconciler extends AsyncDisposable {
  /** Sweeps once, as it does by itself. */
  tick(): Promise<void>
}

/** Why a sweep is left out, with nothing wrong that others do not tell. */
const LEFT_OUT: readonly string[] = ['AUTHORITY_LOST', 'NOT_READY', 'NO_SPACE']

/** Compares again and again what must agree, has it put right, and says so. Where all agrees it only reads. */
export function createReconciler(options: ReconcilerOptions): Reconciler {
  const { groups, everyMs, limitMs, swept, log } = options
  const stop = new AbortController()
  let told: ReadonlySet<string> = new Set()

  const tick = async (): Promise<void> => {
    const sweep = await groups.sweep(AbortSignal.any([stop.signal, AbortSignal.timeout(limitMs)]))
    swept(sweep)
    const fresh = sweep.findings.filter((one) => !told.has(keyOf(one)))
    told = new Set(sweep.findings.map(keyOf))
    for (const finding of fresh) log[finding.failure ? 'error' : 'warn']({ finding }, TOLD[finding.action])
  }
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await sleep(everyMs, undefined, { signal: stop.signal }).catch(() => {})
      if (stop.signal.aborted) return
      await tick().catch((err) => {
        if (!LEFT_OUT.includes(asStorageError(err).reason))
          log.error({ err }, 'drift could not be looked for')
      })
    }
  }
  const running = everyMs === Infinity ? undefined : run()
  return {
    tick,
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await running
    },
  }
}

const TOLD: Readonly<Record<Finding['action'], string>> = {
  repaired: 'something was not as it should be, and is put right',
  quarantined: 'something was not as it should be, and is not served',
  reported: 'something is not as it should be',
}

/** What lasts is told once. */
const keyOf = ({ kind, entities, action, failure }: Finding): string =>
  [kind, action, failure?.reason, ...entities].join(' ')
