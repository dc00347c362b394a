import type { Command } from 'commander'
import type { InitiatorId } from '../../volumegroups/index.ts'
import { UsageError } from '../errors.ts'
import { confirm } from '../input/confirm.ts'
import { diskIdOf } from '../input/names.ts'
import { type ConfirmOptions, destroying, naming, type ProjectOptions } from '../input/options.ts'
import { printDone } from '../output/print.ts'
import { working } from '../output/progress.ts'
import type { Run } from '../run.ts'

interface Options extends ConfirmOptions, ProjectOptions {
  readonly all?: true
}

/** `mooring attachment revoke <disk> <initiator>`: when it ends, no I/O of that initiator can reach the disk. */
export function attachmentRevoke(attachment: Command, run: Run): void {
  naming(destroying(attachment.command('revoke <disk> [initiator]')))
    .description('take a disk from an initiator, or from all')
    .option('--all', 'from every initiator that holds it')
    .action(
      run(async (session, disk: string, initiatorId: InitiatorId | undefined, options: Options) => {
        if ((initiatorId === undefined) === (options.all === undefined)) {
          throw new UsageError('say from whom: either an initiator, or --all')
        }
        const diskId = await diskIdOf(session, disk, options.project)
        const whom = initiatorId ?? 'every initiator'
        await confirm(session, options, `take disk ${disk} from ${whom}, whatever it is doing with it`)
        const work = { label: `taking disk ${disk} from ${whom}`, kind: 'revoke', about: diskId }
        await working(session, work, () => session.groups.revoke(diskId, initiatorId, session.call))
        printDone(session, `revoked disk ${diskId} from ${whom}`)
      }),
    )
}
