import type { Reader, Transactor } from '../database.ts'
import type { DiskId, PolicyId, RecoveryPointId, VolumeGroupId } from '../ids.ts'
import { MAX_NAME_BYTES } from '../limits.ts'
import type { ProjectPath } from '../types.ts'

interface Holder {
  readonly id: string
  readonly dataMissingSince?: Date | undefined
}

/** Who has a name in a project, for each kind of thing that has one. */
const HOLDERS = {
  group: (tx: Reader, project: ProjectPath, name: string): Promise<Holder | undefined> =>
    tx.groupNamed(project, name),
  disk: (tx: Reader, project: ProjectPath, name: string): Promise<Holder | undefined> =>
    tx.diskNamed(project, name),
  point: (tx: Reader, project: ProjectPath, name: string): Promise<Holder | undefined> =>
    tx.recoveryPointNamed(project, name),
  policy: (tx: Reader, project: ProjectPath, name: string): Promise<Holder | undefined> =>
    tx.policyNamed(project, name),
}

export interface Named {
  readonly kind: keyof typeof HOLDERS
  readonly id: VolumeGroupId | DiskId | RecoveryPointId | PolicyId
  readonly name: string
  readonly project: ProjectPath
}

/** The name, or one made of it when another has it already: unless that one's data are missing, and it makes room. */
export async function freeName(tx: Transactor, { kind, id, name, project }: Named): Promise<string> {
  const holder = await HOLDERS[kind](tx, project, name)
  if (holder === undefined || holder.id === id) return name
  if (holder.dataMissingSince === undefined) return apart(name, id)
  await tx.rename(holder.id as VolumeGroupId | DiskId, apart(name, holder.id))
  return name
}

function apart(name: string, id: string): string {
  const other = `${name}-${id.slice(-12)}`
  return Buffer.byteLength(other) <= MAX_NAME_BYTES ? other : id
}
