import type { Command } from 'commander'
import type { RecoveryId } from '../../volumegroups/index.ts'
import { UsageError } from '../errors.ts'
import { MAX_LISTED, printRows, readAll } from '../output/print.ts'
import { encode } from '../output/wire.ts'
import type { Run } from '../run.ts'
import type { Session } from '../session.ts'
import { DECISION } from '../views/recovery.ts'

/** `mooring recovery show [recovery]`: its decisions, one line each. */
export function recoveryShow(recovery: Command, run: Run): void {
  recovery
    .command('show [recovery]')
    .description('show what was decided at the last, or another, start at which database and data differed')
    .action(
      run(async (session, named: RecoveryId | undefined) => {
        const id = named ?? (await newest(session))
        const found = await session.groups.getRecovery(id, session.call)
        await printRows(session, DECISION, found.decisions, () => encode('getRecovery', found))
      }),
    )
}

async function newest({ groups, call }: Session): Promise<RecoveryId> {
  const { items } = await readAll((page) => groups.listRecoveries(page, call), MAX_LISTED)
  const last = items.at(-1)
  if (last === undefined) throw new UsageError('there was no recovery yet')
  return last.id
}
