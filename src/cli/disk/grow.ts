import type { Command } from 'commander'
import { diskIdOf } from '../input/names.ts'
import { changing, naming, type ProjectOptions } from '../input/options.ts'
import { parseSize } from '../input/parse.ts'
import { printOne } from '../output/print.ts'
import { working } from '../output/progress.ts'
import type { Run } from '../run.ts'
import { DISK } from '../views/disk.ts'

/** `mooring disk grow <disk> <size>`: attached or not; never makes it smaller. */
export function diskGrow(disk: Command, run: Run): void {
  naming(changing(disk.command('grow')))
    .description('make a disk at least this large')
    .argument('<disk>')
    .argument('<size>', 'such as 20GiB', parseSize)
    .action(
      run(async (session, named: string, sizeBytes: bigint, { project }: ProjectOptions) => {
        const id = await diskIdOf(session, named, project)
        const work = { label: `growing disk ${named}`, kind: 'growDisk', about: id }
        const size = { requiredBytes: sizeBytes, limitBytes: undefined }
        const grown = await working(session, work, () => session.groups.growDisk(id, size, session.call))
        await printOne(session, DISK, grown)
      }),
    )
}
