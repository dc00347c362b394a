import type { PolicyId } from './ids.ts'
import type { PolicyKind } from './policies/types.ts'

/** What is to apply to a group of one kind of policy. */
export type PolicyChoice =
  | { readonly kind: 'policy'; readonly id: PolicyId }
  /** The nearest one of this name: of the group's project, or of a project above it. */
  | { readonly kind: 'named'; readonly name: string }
  /** None, whatever is set above. */
  | { readonly kind: 'none' }
  /** What is set above. */
  | { readonly kind: 'inherited' }

/** What is to be set on a group, all of it or nothing. What is left out stays. */
export interface GroupChanges {
  readonly snapshotPolicy?: PolicyChoice | undefined
  readonly protectionPolicy?: PolicyChoice | undefined
  /** In place of all labels that it has. */
  readonly labels?: Readonly<Record<string, string>> | undefined
}

/** The fields that choose a policy, with its kind. */
export const POLICY_FIELDS = [
  ['snapshotPolicy', 'snapshot'],
  ['protectionPolicy', 'protection'],
] as const satisfies (readonly [keyof GroupChanges, PolicyKind])[]
