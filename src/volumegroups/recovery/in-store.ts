import type { Manifest } from '../manifest.ts'
import type { Store } from '../ports.ts'
import type { Decision, DecisionKind } from '../rules/recovery/types.ts'

type Of<Kind extends DecisionKind> = Extract<Decision, { kind: Kind }>

/** What each decision does to the store; one that is not here does nothing to it. Each can be done again. */
const CHANGES: {
  readonly [Kind in DecisionKind]?: (store: Store, decision: Of<Kind>) => Promise<void>
} = {
  quarantine: (store, { thing }) => store.quarantine(thing),
  remakeGroup: (store, { groupId }) => store.createGroup(groupId),
  extendDisk: (store, { groupId, diskId, sizeBytes }) => store.growDisk(groupId, diskId, sizeBytes),
  restoreDisk: (store, { groupId, diskId, sizeBytes, from }) => {
    const source = { kind: 'recoveryPoint', groupId, recoveryPointId: from, diskId } as const
    return store.createDisk(groupId, diskId, sizeBytes, source)
  },
}

/** Does what it can, and gives back what failed. */
export async function changeStore(
  store: Store,
  decisions: readonly Decision[],
): Promise<ReadonlyMap<Decision, unknown>> {
  const failures = new Map<Decision, unknown>()
  for (const decision of decisions) {
    try {
      await CHANGES[decision.kind]?.(store, decision as never)
    } catch (error) {
      failures.set(decision, error)
    }
  }
  return failures
}

/** As `changeStore`, for manifests: the decision that asked for one, if there is one, tells of its failure. */
export async function writeManifests(
  store: Store,
  manifests: readonly Manifest[],
): Promise<ReadonlyMap<string, unknown>> {
  const failures = new Map<string, unknown>()
  for (const manifest of manifests) {
    await store.writeManifest(manifest).catch((error) => failures.set(manifest.group.id, error))
  }
  return failures
}
