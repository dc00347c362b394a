import type { Command } from 'commander'
import { groupIdOf } from '../input/names.ts'
import { changing, naming, type ProjectOptions } from '../input/options.ts'
import { printOne } from '../output/print.ts'
import { working } from '../output/progress.ts'
import type { Run } from '../run.ts'
import { VOLUME_GROUP } from '../views/volume-group.ts'

/** `mooring vg move <vg> <path>`: with all that it holds; what the new place says of policies applies at once. */
export function vgMove(vg: Command, run: Run): void {
  naming(changing(vg.command('move <vg> <path>')))
    .description('move a volume group, with all that it holds, to another project')
    .action(
      run(async (session, named: string, path: string, { project }: ProjectOptions) => {
        const id = await groupIdOf(session, named, project)
        const work = { label: `moving volume group ${named} to ${path}`, kind: 'moveGroup', about: id }
        const moved = await working(session, work, () => session.groups.moveGroup(id, path, session.call))
        await printOne(session, VOLUME_GROUP, moved)
      }),
    )
}
