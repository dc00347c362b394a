import type { Command } from 'commander'
import type { InitiatorId } from '../../volumegroups/index.ts'
import { printOne } from '../output/print.ts'
import type { Run } from '../run.ts'
import { INITIATOR } from '../views/initiator.ts'

/** `mooring initiator show <initiator>`. */
export function initiatorShow(initiator: Command, run: Run): void {
  initiator
    .command('show <initiator>')
    .description('show one initiator')
    .action(
      run(async (session, id: InitiatorId) =>
        printOne(session, INITIATOR, await session.groups.getInitiator(id, session.call)),
      ),
    )
}
