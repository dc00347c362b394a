import type { Definition } from '../../journal/index.ts'
import type { Reader, Transactor } from '../database.ts'
import { placeOf } from '../policies/effective.ts'
import type { PolicyKind, PolicyTarget } from '../policies/types.ts'
import { settingLocks, settingOn, touch } from './assignPolicy.ts'
import { writesManifestsBelow } from './manifests-below.ts'
import type { Parts } from './parts.ts'

interface Intent {
  readonly target: PolicyTarget
  readonly kind: PolicyKind
}

/** Takes a setting away, so that what is set above applies again. */
export function unassignPolicy(parts: Parts): Definition<Transactor, Intent, Intent, void> {
  return {
    kind: 'unassignPolicy',
    plan: async (tx, { target, kind }) => {
      const { settings } = await tx.policySettings([target])
      const isSet = settings.some((setting) => setting.kind === kind)
      if (isSet && (await isThere(tx, target))) return { intent: { target, kind } }
      return { met: { result: undefined, subject: settingOn(target, kind) } }
    },
    locks: ({ target, kind }) => settingLocks(target, kind),
    subject: ({ target, kind }) => settingOn(target, kind),
    entities: ({ target }) => [placeOf(target)],
    steps: [],
    commit: async (tx, { target, kind }) => {
      await tx.deletePolicyAssignment(target, kind)
      await touch(tx, target)
    },
    forward: [writesManifestsBelow(parts, ({ target }) => [target])],
    supersedes: ['assignPolicy', 'unassignPolicy'],
  }
}

/** For the caller: settings are looked up for any target, so that they can be inherited from above. */
const isThere = async (tx: Reader, target: PolicyTarget): Promise<boolean> =>
  (target.kind === 'project' ? await tx.projectAt(target.path) : await tx.group(target.id)) !== undefined
