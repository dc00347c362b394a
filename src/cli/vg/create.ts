import type { Command } from 'commander'
import { type PlaceOptions, placing, ROOT_PROJECT } from '../input/options.ts'
import { printOne } from '../output/print.ts'
import { working } from '../output/progress.ts'
import type { Run } from '../run.ts'
import { VOLUME_GROUP } from '../views/volume-group.ts'

/** `mooring vg create <name>`: makes a volume group, or gives the one that is there. */
export function vgCreate(vg: Command, run: Run): void {
  placing(vg.command('create <name>'))
    .description('make an empty volume group')
    .action(
      run(async (session, name: string, { project = ROOT_PROJECT, createProject }: PlaceOptions) => {
        const work = { label: `making volume group ${name}`, kind: 'createGroup' }
        const group = await working(session, work, () =>
          session.groups.createGroup({ name, project, createProject }, session.call),
        )
        await printOne(session, VOLUME_GROUP, group)
      }),
    )
}
