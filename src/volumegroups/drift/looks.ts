import type { Cluster, Finding } from '../audits.ts'
import type { Database, Grant, Slice } from '../database.ts'
import { StorageError } from '../errors.ts'
import { exportsOf } from '../exports.ts'
import { MAX_PAGE } from '../limits.ts'
import type { Store, Target } from '../ports.ts'
import { readFacts, readOwner } from '../recovery/facts.ts'
import { compareBeliefs } from '../rules/drift/cluster.ts'
import { driftOf, type GroupDrift } from '../rules/drift/data.ts'
import { compareNodes, type NodeReport } from '../rules/drift/nodes.ts'
import { compareTargets, type TargetDrift } from '../rules/drift/targets.ts'
import { decide } from '../rules/recovery/decide.ts'
import type { Facts } from '../rules/recovery/types.ts'
import type { Attachment } from '../types.ts'

export interface LookParts {
  readonly database: Database
  readonly store: Store
  readonly target: Target
  /** What nodes said last, if not long ago. */
  readonly nodes: () => readonly NodeReport[]
  /** Left out: no cluster is asked. */
  readonly cluster?: Cluster | undefined
  readonly now: () => Date
}

/** The sides as they are found, one after the other: a look at a running element is true only if the next one agrees. */
export interface Look {
  readonly groups: readonly GroupDrift[]
  readonly targets: readonly TargetDrift[]
  /** What others believe. */
  readonly beliefs: readonly Finding[]
}

export async function look(parts: LookParts, signal: AbortSignal): Promise<Look> {
  const { groups } = await lookAtData(parts)
  return { groups, targets: await lookAtTargets(parts), beliefs: await lookAtBeliefs(parts, signal) }
}

export async function lookAtData(
  parts: Pick<LookParts, 'database' | 'store'>,
): Promise<{ facts: Facts; groups: readonly GroupDrift[] }> {
  await checkPool(parts)
  const facts = await readFacts(parts)
  return { facts, groups: driftOf(facts, decide(facts)) }
}

/** A pool that is not there, or is another one, tells nothing of what is missing. */
async function checkPool({ database, store }: Pick<LookParts, 'database' | 'store'>): Promise<void> {
  const said = await readOwner(store)
  if (said?.elementId === database.elementId) return
  throw new StorageError('POOL_UNUSABLE', 'the pool does not say that it is this element’s: is it mounted?')
}

export async function lookAtTargets({
  database,
  store,
  target,
}: Pick<LookParts, 'database' | 'store' | 'target'>): Promise<readonly TargetDrift[]> {
  const served = await target.inspect()
  return compareTargets(exportsOf(store, await database.reader.grants()), served)
}

async function lookAtBeliefs(
  { database, nodes, cluster, now }: LookParts,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const reports = nodes()
  const beliefs = await cluster?.beliefs(signal)
  if (reports.length === 0 && beliefs === undefined) return []
  const held = (await database.reader.grants()).map(({ attachment }: Grant): Attachment => attachment)
  const ofNodes = compareNodes(reports, held, now())
  return beliefs ? [...ofNodes, ...compareBeliefs(beliefs, await diskIdsIn(database), held)] : ofNodes
}

async function diskIdsIn({ reader }: Database) {
  const ids = []
  for (let after: Slice['after']; ; ) {
    const page = await reader.disks({}, { after, limit: MAX_PAGE })
    ids.push(...page.map(({ id }) => id))
    const last = page.at(-1)
    if (last === undefined || page.length < MAX_PAGE) return ids
    after = { atMs: last.createdAt.getTime(), keys: [last.id] }
  }
}
