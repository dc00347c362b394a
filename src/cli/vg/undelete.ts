import type { Command } from 'commander'
import { vgIdFrom } from '../input/deleted.ts'
import { changing } from '../input/options.ts'
import { printOne } from '../output/print.ts'
import { working } from '../output/progress.ts'
import type { Run } from '../run.ts'
import { VOLUME_GROUP } from '../views/volume-group.ts'

/** `mooring vg undelete <id>`: as it was, with the same id. */
export function vgUndelete(vg: Command, run: Run): void {
  changing(vg.command('undelete <id>'))
    .description('bring back a deleted volume group, with its ids')
    .option('--name <name>', 'call it so, when another has its name now')
    .action(
      run(async (session, text: string, { name }: { readonly name?: string }) => {
        const id = vgIdFrom(text)
        const work = { label: `undeleting volume group ${id}`, kind: 'undeleteGroup', about: id }
        const undelete = () => session.groups.undeleteGroup(id, { name }, session.call)
        await printOne(session, VOLUME_GROUP, await working(session, work, undelete))
      }),
    )
}
