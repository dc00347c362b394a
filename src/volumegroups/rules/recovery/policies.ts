import type { PolicyId, ProjectId, VolumeGroupId } from '../../ids.ts'
import type { Manifest } from '../../manifest.ts'
import type { Policy } from '../../policies/types.ts'
import type { ProjectTree } from './projects.ts'
import type { AdoptedSetting, Decision } from './types.ts'

/** The settings of what was learnt from manifests, and the policies that they name or that are newer there. */
export function decidePolicies(
  rows: readonly Policy[],
  manifests: readonly { readonly manifest: Manifest; readonly isAdopted: boolean }[],
  tree: ProjectTree,
): Decision[] {
  const settings = [
    ...[...tree.learnt].map(([id, manifest]) => settingsOf(manifest, tree.idOf(id), id)),
    ...manifests
      .filter(({ isAdopted, manifest }) => isAdopted && manifest.deletion === undefined)
      .map(({ manifest }) => settingsOf(manifest, manifest.group.id, undefined)),
  ]
  const named = new Set(settings.flatMap((one) => one.settings.flatMap(({ policyId }) => policyId ?? [])))
  return [...newest(rows, manifests, tree, named), ...settings]
}

function newest(
  rows: readonly Policy[],
  manifests: readonly { readonly manifest: Manifest }[],
  tree: ProjectTree,
  named: ReadonlySet<PolicyId>,
): Decision[] {
  const best = new Map<PolicyId, { generation: number; decision?: Decision }>(
    rows.map(({ id, generation }) => [id, { generation }]),
  )
  for (const { manifest } of manifests) {
    for (const policy of manifest.policies) {
      const known = best.get(policy.id)
      if (known ? known.generation >= policy.generation : !named.has(policy.id)) continue
      const home = manifest.projects.find(({ path }) => path === policy.project)
      const projectId = tree.idOf(home?.id ?? (manifest.projects[0]?.id as ProjectId))
      const decision = { kind: 'adoptPolicy', policy, projectId } as const
      best.set(policy.id, { generation: policy.generation, decision })
    }
  }
  return [...best.values()].flatMap(({ decision }) => decision ?? [])
}

/** What the manifest says is set on its group, or on one of its projects. */
function settingsOf(
  { policySettings, projects }: Manifest,
  on: ProjectId | VolumeGroupId,
  project: ProjectId | undefined,
): Extract<Decision, { kind: 'adoptSettings' }> {
  const path = projects.find(({ id }) => id === project)?.path
  const settings = policySettings
    .filter(({ target }) =>
      target.kind === 'project' ? target.path === path : project === undefined && target.id === on,
    )
    .map(({ kind, policyId, setAt }): AdoptedSetting => ({ kind, policyId, setAt }))
  return { kind: 'adoptSettings', on, settings }
}
