import type { Manifest } from '../../manifest.ts'
import { decideKnown, decideLost, decideUnknown, type Hands } from './groups.ts'
import { decidePolicies } from './policies.ts'
import { decideProjects } from './projects.ts'
import type { Decision, Facts, FoundGroup, GroupRow, OpenOperation } from './types.ts'

export type * from './types.ts'

/**
 * What to do where database and data differ, in the order in which it is to be done; nothing where they agree. A
 * pure function, which looks at neither: also for a running element, whose operations' entities `open` names.
 *
 * Of two that differ, the higher generation is believed; what is on one side only is kept. What was deleted and can
 * be had again is known to both sides, and told apart in the same way.
 */
export function decide({ rows, projects, policies, found, open }: Facts): Decision[] {
  const finished = open.filter((operation) => isFinished(operation, rows, found))
  const hands = handsOf(open.filter((operation) => !finished.includes(operation)))
  const byId = new Map(rows.map((row) => [row.manifest.group.id, row]))
  const present = new Set(found.map(({ id }) => id))
  const manifests = found.flatMap((group) => believed(group, byId.get(group.id), hands))
  const tree = decideProjects(projects, manifests)
  const groups = [
    ...rows.filter(({ manifest }) => !present.has(manifest.group.id)).flatMap(decideLost),
    ...found.flatMap((group) => {
      const row = byId.get(group.id)
      return row ? decideKnown(row, group, hands) : decideUnknown(group, hands)
    }),
  ].map((decision) => placed(decision, tree.idOf))
  return [
    ...tree.decisions,
    ...groups.filter(({ kind }) => DROPS.has(kind)),
    ...groups.filter(({ kind }) => !DROPS.has(kind)),
    ...decidePolicies(policies, manifests, tree),
    ...finished.map(({ id }) => ({ kind: 'finishOperation', operationId: id }) as const),
  ]
}

/** First: what is adopted may have their names. */
const DROPS: ReadonlySet<Decision['kind']> = new Set([
  ...(['dropDisk', 'dropPoint', 'diskMissing', 'groupMissing', 'deleteDisk', 'dropDeleted'] as const),
])

/** The manifests that have a say, and whether all that they say of their group is adopted. */
function believed(
  { id, manifest }: FoundGroup,
  row: GroupRow | undefined,
  hands: Hands,
): { manifest: Manifest; isAdopted: boolean }[] {
  if (manifest.kind !== 'whole' || (row === undefined && hands.isHeld(id))) return []
  const said = manifest.manifest
  const isAdopted = row === undefined || said.group.generation > row.manifest.group.generation
  return [{ manifest: said, isAdopted }]
}

const placed = (decision: Decision, idOf: (id: Manifest['projects'][number]['id']) => typeof id): Decision =>
  'group' in decision
    ? { ...decision, group: { ...decision.group, projectId: idOf(decision.group.projectId) } }
    : decision

function handsOf(open: readonly OpenOperation[]): Hands {
  const held = new Set(open.flatMap(({ entities }) => entities))
  const making = new Set(open.flatMap(({ entities, isMaking }) => (isMaking ? entities : [])))
  return { isHeld: (id) => held.has(id), isBeingMade: (id) => making.has(id) }
}

/**
 * An operation on its way, of which a manifest tells that it came to its end: the database is of before that. To undo
 * it now would destroy what was made, and maybe used, since.
 */
function isFinished(
  { isMaking, entities }: OpenOperation,
  rows: readonly GroupRow[],
  found: readonly FoundGroup[],
): boolean {
  if (!isMaking) return false
  const known = new Set(rows.flatMap(({ manifest }) => idsIn(manifest)))
  const made = new Set(
    found.flatMap(({ manifest }) => (manifest.kind === 'whole' ? idsIn(manifest.manifest) : [])),
  )
  return entities.some((id) => made.has(id) && !known.has(id))
}

const idsIn = ({ group, disks, deletedDisks = [], recoveryPoints }: Manifest): string[] =>
  [group, ...disks, ...deletedDisks.map(({ disk }) => disk), ...recoveryPoints].map(({ id }) => id)
