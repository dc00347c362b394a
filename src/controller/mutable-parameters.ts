import type { Call } from '../rpc/call.ts'
import {
  type GroupChanges,
  POLICY_FIELDS,
  type PolicyChoice,
  type PolicyKind,
  type ProjectPath,
  Violations,
  type VolumeGroups,
} from '../volumegroups/index.ts'
import { ancestryOf } from '../volumegroups/policies/effective.ts'
import { refuseParameters } from './parameters.ts'

/**
 * What a VolumeAttributesClass can say, for the volume's group: policies by name, where an empty name takes over what
 * is set above the group; and labels as `a=b,c=d`, in place of all that it has.
 */
const KNOWN: readonly string[] = [...POLICY_FIELDS.map(([field]) => field), 'labels']

/** Known so that they can be refused with the reason, under the names that drivers have for them. */
const IO_LIMITS = ['iops', 'iopsLimit', 'bandwidth', 'bandwidthLimit', 'throughput']

type Parameters = Readonly<Record<string, string>>

/** Undefined when nothing is asked for. Unknown names, and limits that nothing here can hold, are faults. */
export function parseMutableParameters(parameters: Parameters, faults: Violations): GroupChanges | undefined {
  refuseUnknown(parameters, faults)
  const policies = POLICY_FIELDS.flatMap(([field]) => {
    const name = parameters[field]
    return name === undefined ? [] : [[field, choiceOf(name)] as const]
  })
  const labels = parameters.labels === undefined ? undefined : parseLabels(parameters.labels, faults)
  if (policies.length === 0 && labels === undefined) return undefined
  return { ...Object.fromEntries(policies), ...(labels && { labels }) }
}

const choiceOf = (name: string): PolicyChoice =>
  name === '' ? { kind: 'inherited' } : { kind: 'named', name }

function refuseUnknown(parameters: Parameters, faults: Violations): void {
  const field = 'mutable_parameters'
  const names = Object.keys(parameters)
  for (const name of names.filter((name) => IO_LIMITS.includes(name))) {
    const message = `${field}.${name} can not be held: neither target, tgt nor LIO, limits the I/O of a disk`
    faults.add(`${field}.${name}`, 'INVALID_ARGUMENT', message)
  }
  const rest = Object.fromEntries(Object.entries(parameters).filter(([name]) => !IO_LIMITS.includes(name)))
  refuseParameters(rest, { field, known: KNOWN }, faults)
}

/** `a=b,c=d`; an empty text for none. */
function parseLabels(text: string, faults: Violations): Record<string, string> {
  const labels = new Map<string, string>()
  const field = 'mutable_parameters.labels'
  for (const part of text === '' ? [] : text.split(',')) {
    const [key = '', ...value] = part.split('=')
    const fault = key === '' || value.length === 0 ? 'is not written as key=value' : 'names its key twice'
    if (fault.startsWith('is') || labels.has(key)) {
      faults.add(field, 'INVALID_ARGUMENT', `${field}: ${JSON.stringify(part)} ${fault}`)
    }
    labels.set(key, value.join('='))
  }
  return Object.fromEntries(labels)
}

/** Looks, without a change, whether the policies are there that the changes name. Those that are not are faults. */
export async function refuseMissingPolicies(
  { changes, project }: { readonly changes: GroupChanges; readonly project: ProjectPath },
  groups: Pick<VolumeGroups, 'listPolicies'>,
  call: Call,
): Promise<void> {
  const faults = new Violations()
  for (const [field, kind] of POLICY_FIELDS) {
    const choice = changes[field]
    if (choice?.kind !== 'named') continue
    if (await isThere({ kind, name: choice.name, project }, groups, call)) continue
    const named = JSON.stringify(choice.name)
    const message = `${field}: there is no ${kind} policy ${named} in the project ${project} or above it`
    faults.add(`mutable_parameters.${field}`, 'INVALID_ARGUMENT', message)
  }
  faults.throwIfAny()
}

async function isThere(
  { kind, name, project }: { kind: PolicyKind; name: string; project: ProjectPath },
  groups: Pick<VolumeGroups, 'listPolicies'>,
  call: Call,
): Promise<boolean> {
  for (const path of ancestryOf(project)) {
    let token: string | undefined
    do {
      const page = await groups.listPolicies({ project: path, kind, token }, call)
      if (page.items.some((policy) => policy.name === name)) return true
      token = page.nextToken
    } while (token !== undefined)
  }
  return false
}
