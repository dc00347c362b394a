import type { Command } from 'commander'
import { confirm } from '../input/confirm.ts'
import { type PointOptions, pointNaming, recoveryPointIdOf } from '../input/names.ts'
import { type ConfirmOptions, destroying } from '../input/options.ts'
import { printOne } from '../output/print.ts'
import { working } from '../output/progress.ts'
import type { Run } from '../run.ts'
import { RECOVERY_POINT } from '../views/recovery-point.ts'

interface Options extends ConfirmOptions, PointOptions {
  readonly keepAs: string
}

/** `mooring vg revert <rp> --keep-as <name>`: in place, of a detached group; what was there before is kept. */
export function vgRevert(vg: Command, run: Run): void {
  pointNaming(destroying(vg.command('revert <rp>')))
    .description(
      'give detached disks the content of a recovery point, and keep what was there as another one',
    )
    .requiredOption('--keep-as <name>', 'the recovery point to be made of what is there now')
    .action(
      run(async (session, named: string, { keepAs, ...options }: Options) => {
        const id = await recoveryPointIdOf(session, named, options)
        await confirm(session, options, `give the disks of its volume group back what they held at ${named}`)
        const work = { label: `reverting to ${named}`, kind: 'revertGroup', about: id }
        const kept = await working(session, work, () => session.groups.revertGroup(id, keepAs, session.call))
        await printOne(session, RECOVERY_POINT, kept)
      }),
    )
}
