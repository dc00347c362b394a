import type { Command } from 'commander'
import { makeDisk, makingDisk, type NewDiskOptions } from '../input/new-disk.ts'
import type { Run } from '../run.ts'

/** `mooring disk create <name>`: makes a blank disk, or gives the one that is there. */
export function diskCreate(disk: Command, run: Run): void {
  makingDisk(disk.command('create <name>'))
    .description('make a blank disk')
    .action(
      run(async (session, name: string, options: NewDiskOptions) => makeDisk(session, options, { name })),
    )
}
