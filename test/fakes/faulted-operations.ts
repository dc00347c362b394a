import type { Operation, OperationId, VolumeGroups } from '../../src/volumegroups/index.ts'

/** Lets an element of fakes list operations that faulted, on these entities each; no fake faults by itself. */
export function faultedOn(groups: VolumeGroups, entities: readonly (readonly string[])[]): void {
  const items = entities.map(
    (ids, index): Operation => ({
      id: `op-${index}` as OperationId,
      kind: 'growDisk',
      state: 'faulted',
      step: 'grow',
      entities: ids,
      error: { reason: 'NO_SPACE', message: 'the pool is full' },
      startedAt: new Date(0),
      endedAt: new Date(1),
    }),
  )
  // One to a page, so that a caller that reads only the first page is found out.
  groups.listOperations = async ({ state, token = '0' } = {}) => {
    const next = Number(token) + 1
    const page = state === 'faulted' ? items.slice(Number(token), next) : []
    return { items: page, nextToken: next < items.length ? String(next) : undefined }
  }
}
