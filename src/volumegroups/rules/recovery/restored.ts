import type { Decision, DecisionKind } from './types.ts'

/** What is found only when one side is of another time than the other: a crash leaves nothing like it. */
const SIGNS: ReadonlySet<DecisionKind> = new Set([
  ...(['adoptGroup', 'updateGroup', 'dropDisk', 'placeProject', 'finishOperation'] as const),
  ...(['deleteDisk', 'deleteGroup', 'undeleteDisk', 'undeleteGroup', 'dropDeleted'] as const),
])

/** Whether a database or a pool was restored, as far as what differs tells. */
export const tellsOfRestore = (decisions: readonly Decision[]): boolean =>
  decisions.some(({ kind }) => SIGNS.has(kind)) ||
  (decisions.some((decision) => decision.kind === 'writeManifest' && decision.why === 'older') &&
    decisions.some(({ kind }) => kind === 'diskMissing' || kind === 'dropPoint' || kind === 'adoptDisk'))
