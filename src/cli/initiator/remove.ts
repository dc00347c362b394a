import type { Command } from 'commander'
import type { InitiatorId } from '../../volumegroups/index.ts'
import { confirm } from '../input/confirm.ts'
import { type ConfirmOptions, destroying } from '../input/options.ts'
import { printDone } from '../output/print.ts'
import { working } from '../output/progress.ts'
import type { Run } from '../run.ts'

/** `mooring initiator remove <initiator>`: only one that holds no disk. Its node registers anew when it starts. */
export function initiatorRemove(initiator: Command, run: Run): void {
  destroying(initiator.command('remove <initiator>'))
    .description('remove an initiator that holds no disk, with its credentials')
    .action(
      run(async (session, id: InitiatorId, options: ConfirmOptions) => {
        await confirm(session, options, `remove initiator ${id} and its credentials`)
        const work = { label: `removing initiator ${id}`, kind: 'removeInitiator', about: id }
        await working(session, work, () => session.groups.removeInitiator(id, session.call))
        printDone(session, `removed initiator ${id}`)
      }),
    )
}
