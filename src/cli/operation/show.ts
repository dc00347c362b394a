import type { Command } from 'commander'
import type { OperationId } from '../../volumegroups/index.ts'
import { printOne } from '../output/print.ts'
import type { Run } from '../run.ts'
import { OPERATION } from '../views/operation.ts'

/** `mooring operation show <operation>`. */
export function operationShow(operation: Command, run: Run): void {
  operation
    .command('show <operation>')
    .description('show one operation')
    .action(
      run(async (session, id: OperationId) =>
        printOne(session, OPERATION, await session.groups.getOperation(id, session.call)),
      ),
    )
}
