import type { Command } from 'commander'
import { groupIdOf } from '../input/names.ts'
import { naming, type ProjectOptions } from '../input/options.ts'
import { printRows } from '../output/print.ts'
import { encode } from '../output/wire.ts'
import type { Run } from '../run.ts'
import { rowsOf, SPACE } from '../views/space.ts'

/** `mooring vg space <vg>`: what it takes in the pool; deleting something frees what is exclusive to it. */
export function vgSpace(vg: Command, run: Run): void {
  naming(vg.command('space <vg>'))
    .description('measure what a volume group, its disks and its recovery points take in the pool')
    .action(
      run(async (session, named: string, { project }: ProjectOptions) => {
        const id = await groupIdOf(session, named, project)
        const space = await session.groups.groupSpace(id, session.call)
        await printRows(session, SPACE, rowsOf(space), () => encode('groupSpace', space))
      }),
    )
}
