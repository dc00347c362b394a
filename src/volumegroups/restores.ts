import type { operationsOf } from './operations/index.ts'
import type { VolumeGroups } from './ports.ts'
import { checkGroup, checkKeepAs } from './rules/requests.ts'
import type { Runner } from './scope.ts'

/** Going back to a recovery point: in place, or beside what is there. */
export function restores(
  runner: Runner,
  operations: ReturnType<typeof operationsOf>,
): Pick<VolumeGroups, 'revertGroup' | 'restoreGroup'> {
  return {
    revertGroup: async (id, keepAs, call = {}) => {
      checkKeepAs(keepAs)
      const options = { key: call.idempotencyKey, signal: call.signal }
      return runner.run(operations.revertGroup, { id, keepAs }, options)
    },
    restoreGroup: async (id, spec, call = {}) => {
      checkGroup(spec)
      const options = { key: call.idempotencyKey, signal: call.signal }
      return runner.run(operations.restoreGroup, { ...spec, id }, options)
    },
  }
}
