import type { Command } from 'commander'
import { diskIdOf } from '../input/names.ts'
import { naming, type ProjectOptions } from '../input/options.ts'
import { printOne } from '../output/print.ts'
import type { Run } from '../run.ts'
import { DISK } from '../views/disk.ts'

/** `mooring disk show <disk>`. */
export function diskShow(disk: Command, run: Run): void {
  naming(disk.command('show <disk>'))
    .description('show one disk')
    .action(
      run(async (session, named: string, { project }: ProjectOptions) => {
        const id = await diskIdOf(session, named, project)
        await printOne(session, DISK, await session.groups.getDisk(id, session.call))
      }),
    )
}
