import type { Command } from 'commander'
import type { InitiatorId } from '../../volumegroups/index.ts'
import { diskIdOf } from '../input/names.ts'
import { changing, naming, type ProjectOptions } from '../input/options.ts'
import { printOne } from '../output/print.ts'
import { working } from '../output/progress.ts'
import type { Run } from '../run.ts'
import { ATTACHMENT } from '../views/attachment.ts'

interface Options extends ProjectOptions {
  readonly readOnly?: true
  readonly shared?: true
}

/** `mooring attachment grant <disk> <initiator>`. */
export function attachmentGrant(attachment: Command, run: Run): void {
  naming(changing(attachment.command('grant <disk> <initiator>')))
    .description('let an initiator reach a disk')
    .option('--read-only', 'it can not write')
    .option('--shared', 'others can hold the disk at the same time')
    .action(
      run(async (session, disk: string, initiatorId: InitiatorId, options: Options) => {
        const { project, readOnly = false, shared = false } = options
        const diskId = await diskIdOf(session, disk, project)
        const spec = { diskId, initiatorId, readOnly, shared }
        const work = { label: `granting disk ${disk} to ${initiatorId}`, kind: 'grant', about: diskId }
        const granted = await working(session, work, () => session.groups.grant(spec, session.call))
        await printOne(session, ATTACHMENT, granted)
      }),
    )
}
