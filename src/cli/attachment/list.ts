import type { Command } from 'commander'
import type { InitiatorId } from '../../volumegroups/index.ts'
import { diskIdOf } from '../input/names.ts'
import { listing, naming, type ProjectOptions } from '../input/options.ts'
import { type ListOptions, printList } from '../output/print.ts'
import type { Run } from '../run.ts'
import { ATTACHMENT } from '../views/attachment.ts'

interface Options extends ListOptions, ProjectOptions {
  readonly disk?: string
  readonly initiator?: InitiatorId
}

/** `mooring attachment list`. */
export function attachmentList(attachment: Command, run: Run): void {
  naming(listing(attachment.command('list')))
    .description('list attachments')
    .option('--disk <disk>', 'only those of this disk')
    .option('--initiator <initiator>', 'only those of this initiator')
    .action(
      run(async (session, { disk, initiator: initiatorId, project, ...options }: Options) => {
        const diskId = disk === undefined ? undefined : await diskIdOf(session, disk, project)
        await printList(session, ATTACHMENT, options, (page) =>
          session.groups.listAttachments({ ...page, diskId, initiatorId }, session.call),
        )
      }),
    )
}
