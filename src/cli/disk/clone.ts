import type { Command } from 'commander'
import { diskIdOf } from '../input/names.ts'
import { makeDisk, makingDisk, type NewDiskOptions } from '../input/new-disk.ts'
import type { Run } from '../run.ts'

/** `mooring disk clone <source> <name>`: makes a disk with what another one holds now. */
export function diskClone(disk: Command, run: Run): void {
  makingDisk(disk.command('clone <source> <name>'))
    .description('make a disk with the content of another one')
    .action(
      run(async (session, source: string, name: string, options: NewDiskOptions) => {
        const diskId = await diskIdOf(session, source, options.project)
        await makeDisk(session, options, { name, source: { kind: 'disk', diskId } })
      }),
    )
}
