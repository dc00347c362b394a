import type { Command } from 'commander'
import { recoveryPointIdOf } from '../input/names.ts'
import { type PlaceOptions, placing, ROOT_PROJECT } from '../input/options.ts'
import { printOne } from '../output/print.ts'
import { working } from '../output/progress.ts'
import type { Run } from '../run.ts'
import { VOLUME_GROUP } from '../views/volume-group.ts'

interface Options extends PlaceOptions {
  readonly from?: string
}

/** `mooring vg restore <rp> <name>`: new disks, with ids of their own, beside those that are there. */
export function vgRestore(vg: Command, run: Run): void {
  placing(vg.command('restore <rp> <name>'))
    .description('make a volume group with new disks that hold what a recovery point does')
    .option('--from <vg>', 'the volume group in which the recovery point’s name is looked up')
    .action(
      run(async (session, point: string, name: string, { from, project, createProject }: Options) => {
        const id = await recoveryPointIdOf(session, point, { vg: from, project })
        const spec = { name, project: project ?? ROOT_PROJECT, createProject }
        const work = { label: `restoring volume group ${name}`, kind: 'restoreGroup', about: id }
        const group = await working(session, work, () => session.groups.restoreGroup(id, spec, session.call))
        await printOne(session, VOLUME_GROUP, group)
      }),
    )
}
