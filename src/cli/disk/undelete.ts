import type { Command } from 'commander'
import { diskIdFrom } from '../input/deleted.ts'
import { changing } from '../input/options.ts'
import { printOne } from '../output/print.ts'
import { working } from '../output/progress.ts'
import type { Run } from '../run.ts'
import { DISK } from '../views/disk.ts'

/** `mooring disk undelete <id>`: as it was, with the same id. */
export function diskUndelete(disk: Command, run: Run): void {
  changing(disk.command('undelete <id>'))
    .description('bring back a deleted disk, with its ids')
    .option('--name <name>', 'call it so, when another has its name now')
    .action(
      run(async (session, text: string, { name }: { readonly name?: string }) => {
        const id = diskIdFrom(text)
        const work = { label: `undeleting disk ${id}`, kind: 'undeleteDisk', about: id }
        const undelete = () => session.groups.undeleteDisk(id, { name }, session.call)
        await printOne(session, DISK, await working(session, work, undelete))
      }),
    )
}
