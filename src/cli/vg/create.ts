import type { Command } from 'commander'
import { changing, naming, type ProjectOptions, ROOT_PROJECT } from '../input/options.ts'
import { printOne } from '../output/print.ts'
import { working } from '../output/progress.ts'
import type { Run } from '../run.ts'
import { VOLUME_GROUP } from '../views/volume-group.ts'

/** `mooring vg create <name>`: makes a volume group, or gives the one that is there. */
export function vgCreate(vg: Command, run: Run): void {
  naming(changing(vg.command('create <name>')))
    .description('make an empty volume group')
    .action(
      run(async (session, name: string, { project = ROOT_PROJECT }: ProjectOptions) => {
        const work = { label: `making volume group ${name}`, kind: 'createGroup' }
        const group = await working(session, work, () =>
          session.groups.createGroup({ name, project }, session.call),
        )
        await printOne(session, VOLUME_GROUP, group)
      }),
    )
}
