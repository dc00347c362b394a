import type { Audit, Audits, Finding, Sweep } from '../audits.ts'
import type { Database, Reader } from '../database.ts'
import { asStorageError, StorageError } from '../errors.ts'
import { MAX_FINDINGS, MAX_SWEEPS } from '../limits.ts'
import { type Look, type LookParts, look } from './looks.ts'
import { type RepairParts, repairGroup, repairTarget } from './repairs.ts'

export interface AuditorParts extends RepairParts {
  /** Throws when nothing may be changed: the sweep is left out. */
  readonly mayRepair: () => Promise<void>
}

/** Compares what must agree, for whoever asks or to put it right. One look at a time. */
export interface Auditor {
  audit(): Promise<Audit>
  /** Compares, repairs, and tells what it found. It does no more once the signal says so. */
  sweep(signal: AbortSignal): Promise<Sweep>
}

/** How long an audit that somebody asked for may ask others. */
const AUDIT_MS = 30_000

export function createAuditor(parts: AuditorParts): Auditor {
  const sweeps: Sweep[] = []
  let believed: ReadonlySet<string> = new Set()
  let auditing: Promise<Sweep> | undefined
  let isSweeping = false

  const timed = async (work: () => Promise<readonly Finding[]>): Promise<Sweep> => {
    const [at, begunMs] = [parts.now(), performance.now()]
    const findings = await work()
    const durationMs = Math.round(performance.now() - begunMs)
    return { at, durationMs, findings: findings.slice(0, MAX_FINDINGS), count: findings.length }
  }
  const compare = () =>
    timed(async () => {
      const { groups, targets, beliefs } = await lookTwice(parts, AbortSignal.timeout(AUDIT_MS))
      return [...[...groups, ...targets].flatMap(({ findings }) => findings), ...beliefs]
    })
  return {
    audit: async () => {
      auditing ??= compare().finally(() => {
        auditing = undefined
      })
      return { ...(await auditing), sweeps }
    },
    sweep: async (signal) => {
      if (isSweeping) throw new StorageError('ENTITY_BUSY', 'another sweep is under way')
      isSweeping = true
      try {
        await parts.mayRepair()
        const sweep = await timed(async () => {
          const seen = await lookTwice(parts, signal)
          // What others believe is behind by nature: it counts when it lasts.
          const lasting = seen.beliefs.filter((one) => believed.has(keyOf(one)))
          believed = new Set(seen.beliefs.map(keyOf))
          return [...(await repair(parts, seen, signal)), ...lasting]
        })
        if (sweep.count > 0) sweeps.unshift(sweep)
        sweeps.splice(MAX_SWEEPS)
        return sweep
      } finally {
        isSweeping = false
      }
    },
  }
}

export const auditCalls = ({ scope }: Pick<Reader, 'scope'>, auditor: Auditor): Audits => ({
  audit: async () => {
    if (scope === undefined) return auditor.audit()
    throw new StorageError('PERMISSION_DENIED', 'an audit is of all projects, and the token is of one')
  },
})

/** Operations are under way: what they have in hand differs for a moment, and not in the same way twice. */
async function lookTwice(parts: LookParts, signal: AbortSignal): Promise<Look> {
  const first = await look(parts, signal)
  if (Object.values(first).every(({ length }) => length === 0)) return first
  const second = await look(parts, signal)
  const before = new Set(
    [...first.groups, ...first.targets, { findings: first.beliefs }].flatMap(({ findings }) =>
      findings.map(keyOf),
    ),
  )
  const inHand = await entitiesInHand(parts.database)
  const stood = (findings: readonly Finding[]) =>
    findings.filter((one) => before.has(keyOf(one)) && !one.entities.some((id) => inHand.has(id)))
  const standing = <Drift extends { readonly findings: readonly Finding[] }>(drifts: readonly Drift[]) =>
    drifts
      .map((one) => ({ ...one, findings: stood(one.findings) }))
      .filter(({ findings }) => findings.length > 0)
  return {
    groups: standing(second.groups),
    targets: standing(second.targets),
    beliefs: stood(second.beliefs),
  }
}

/** What operations that are on their way work on; one that faulted stays as it is. */
async function entitiesInHand({ transact }: Database): Promise<ReadonlySet<string>> {
  const open = await transact((tx) => tx.openOperations())
  return new Set(open.filter(({ state }) => state !== 'faulted').flatMap(({ entities }) => entities))
}

const keyOf = ({ kind, entities, found }: Finding): string => [kind, ...entities, found].join('\n')

/** Data first: what is missing is wanted of no target. What comes too late, the next sweep does. */
async function repair(parts: RepairParts, seen: Look, signal: AbortSignal): Promise<Finding[]> {
  const findings: Finding[] = []
  const settle = async (drift: Drift, work: () => Promise<Drift | undefined>): Promise<void> => {
    if (signal.aborted) return
    try {
      findings.push(...((await work())?.findings ?? []))
    } catch (error) {
      const { reason, message } = asStorageError(error)
      findings.push(...drift.findings.map((one) => ({ ...one, failure: { reason, message } })))
    }
  }
  for (const group of seen.groups) {
    if (group.decisions.length === 0) findings.push(...group.findings)
    else await settle(group, () => repairGroup(parts, group))
  }
  for (const target of seen.targets) await settle(target, () => repairTarget(parts, target))
  return findings
}

type Drift = { readonly findings: readonly Finding[] }
