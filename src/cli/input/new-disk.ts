import type { Command } from 'commander'
import type { DiskSpec } from '../../volumegroups/index.ts'
import { printOne } from '../output/print.ts'
import { working } from '../output/progress.ts'
import type { Session } from '../session.ts'
import { DISK } from '../views/disk.ts'
import { groupIdOf } from './names.ts'
import { type PlaceOptions, placing, ROOT_PROJECT } from './options.ts'
import { parseAttribute, parseSize } from './parse.ts'

/** What the verbs that make a disk have in common. */

export interface NewDiskOptions extends PlaceOptions {
  readonly size?: bigint
  readonly vg?: string
  readonly attribute?: Readonly<Record<string, string>>
}

export const makingDisk = (command: Command): Command =>
  placing(command)
    .option('--size <size>', 'such as 10GiB; left out = as large as its source, else 1 GiB', parseSize)
    .option('--vg <vg>', 'an existing volume group; left out = one of its own')
    .option('--attribute <key=value>', 'remembered with the disk; can be repeated', parseAttribute)

/** Makes the disk and prints it. */
export async function makeDisk(
  session: Session,
  options: NewDiskOptions,
  { name, source }: Pick<DiskSpec, 'name' | 'source'>,
): Promise<void> {
  const { size, vg, attribute = {}, project, createProject } = options
  const groupId = vg === undefined ? undefined : await groupIdOf(session, vg, project)
  const spec = {
    name,
    project: project ?? ROOT_PROJECT,
    createProject,
    group: groupId === undefined ? ({ kind: 'own' } as const) : ({ kind: 'existing', id: groupId } as const),
    size: { requiredBytes: size, limitBytes: undefined },
    source,
    attributes: attribute,
  }
  const work = { label: `making disk ${name}`, kind: 'createDisk', about: groupId }
  const disk = await working(session, work, () => session.groups.createDisk(spec, session.call))
  await printOne(session, DISK, disk)
}
