import type { Command } from 'commander'
import { groupIdOf } from '../input/names.ts'
import { naming, type ProjectOptions } from '../input/options.ts'
import { printOne } from '../output/print.ts'
import type { Run } from '../run.ts'
import { VOLUME_GROUP } from '../views/volume-group.ts'

/** `mooring vg show <vg>`. */
export function vgShow(vg: Command, run: Run): void {
  naming(vg.command('show <vg>'))
    .description('show one volume group')
    .action(
      run(async (session, named: string, { project }: ProjectOptions) => {
        const id = await groupIdOf(session, named, project)
        await printOne(session, VOLUME_GROUP, await session.groups.getGroup(id, session.call))
      }),
    )
}
