import { randomUUID } from 'node:crypto'
import { encodeExactly } from '../../lib/exact-json.ts'
import type { Database, Transactor } from '../database.ts'
import { StorageError } from '../errors.ts'
import { recoveryIds, type VolumeGroupId, volumeGroupIds } from '../ids.ts'
import type { Manifest, PoolOwner } from '../manifest.ts'
import type { Store } from '../ports.ts'
import type { RecoveryReport } from '../recoveries.ts'
import { decide } from '../rules/recovery/decide.ts'
import { tellsOfRestore } from '../rules/recovery/restored.ts'
import type { Decision, Facts } from '../rules/recovery/types.ts'
import { readFacts, readOwner } from './facts.ts'
import { changeDatabase } from './in-database.ts'
import { changeStore, writeManifests } from './in-store.ts'
import { countsOf, recorded } from './report.ts'

export interface ReconcileParts {
  readonly database: Database
  readonly store: Store
  readonly now: () => Date
  /** From when it returns, nothing of these groups is served. */
  readonly fence: (groups: ReadonlySet<VolumeGroupId>) => Promise<void>
}

/**
 * Brings together a database and a store that may be of different times: fence, inventory, decide, one transaction,
 * then the store. Done again, it finds nothing to do. Gives back what it decided; undefined where both agreed.
 */
export async function reconcile(parts: ReconcileParts): Promise<RecoveryReport | undefined> {
  const { database, store } = parts
  const [owner, said] = [await database.reader.owner(), await readOwner(store)]
  if (said && said.elementId !== owner.elementId) throw foreignPool(said, owner)
  const facts = await readFacts(parts)
  const decisions = decide(facts)
  await parts.fence(groupsIn(decisions))
  const isOther = said !== undefined && said.incarnation !== owner.incarnation
  const isRestored = decisions.length > 0 && (isOther || tellsOfRestore(decisions))
  const incarnation = isRestored ? randomUUID() : owner.incarnation
  const report =
    decisions.length === 0
      ? undefined
      : await carryOut(parts, facts, decisions, {
          ...{ id: recoveryIds.create(), at: parts.now(), isRestored, counts: countsOf(decisions) },
          incarnations: { before: owner.incarnation, after: incarnation },
        })
  if (said?.incarnation !== incarnation) await store.writeOwner({ ...owner, incarnation })
  return report
}

/** One transaction, then the store and the manifests of what was found; and a report that is kept. */
export async function carryOut(
  { database, store }: Pick<ReconcileParts, 'database' | 'store'>,
  facts: Facts,
  decisions: readonly Decision[],
  summary: Omit<RecoveryReport, 'decisions'>,
): Promise<RecoveryReport> {
  const planned = { ...summary, decisions: recorded(decisions, () => undefined) }
  const manifests = await database.transact(async (tx) => {
    await changeDatabase(tx, decisions, summary.at)
    await tx.putIncarnation(summary.incarnations.after)
    await tx.putRecovery(planned)
    return staleManifests(tx, facts)
  })
  const failures = await changeStore(store, decisions)
  const unwritten = await writeManifests(store, manifests)
  const failureOf = (decision: Decision): unknown =>
    failures.get(decision) ?? ('groupId' in decision ? unwritten.get(decision.groupId) : undefined)
  const followUps = decisions.filter((one) => one.kind === 'restoreDisk' || failureOf(one) !== undefined)
  if (followUps.length === 0) return planned
  const report = { ...summary, decisions: recorded(decisions, failureOf) }
  await database.transact(async (tx) => {
    for (const one of followUps) await followUp(tx, one, failures.has(one) ? summary.at : undefined)
    await tx.putRecovery(report)
  })
  return report
}

/** A disk that was given back is served; one that could not be made what it is to be, is not. */
async function followUp(tx: Transactor, decision: Decision, missingSince: Date | undefined): Promise<void> {
  if (decision.kind !== 'restoreDisk' && decision.kind !== 'extendDisk') return
  await tx.markMissing(decision.diskId, missingSince)
}

/** The manifests that do not say what the database says now. What they say differently is of a new generation. */
async function staleManifests(tx: Transactor, { found }: Facts): Promise<Manifest[]> {
  const stale: Manifest[] = []
  for (const { id, manifest: there } of found) {
    const said = there.kind === 'whole' ? there.manifest : undefined
    const wanted = await tx.manifest(id)
    if (wanted === undefined || (said && encodeExactly(wanted) === encodeExactly(said))) continue
    if (
      said === undefined ||
      wanted.group.generation > said.group.generation ||
      coreOf(wanted) === coreOf(said)
    ) {
      stale.push(wanted)
      continue
    }
    await tx.touchGroup(id)
    const touched = await tx.manifest(id)
    if (touched) stale.push(touched)
  }
  return stale
}

/** Without what has generations of its own. */
const coreOf = ({ group: { project: _, ...group }, disks, recoveryPoints }: Manifest): string =>
  encodeExactly({ group, disks, recoveryPoints })

const groupsIn = (decisions: readonly Decision[]): Set<VolumeGroupId> =>
  new Set(recorded(decisions, () => undefined).flatMap(({ entities }) => entities.filter(volumeGroupIds.is)))

const foreignPool = (said: PoolOwner, owner: PoolOwner): StorageError =>
  new StorageError(
    'POOL_UNUSABLE',
    `the pool belongs to element ${said.elementId}, and the database to element ${owner.elementId}`,
    { fix: 'Give each element the pool and the state directory that belong together.' },
  )
