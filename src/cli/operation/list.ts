import { type Command, Option } from 'commander'
import type { OperationState } from '../../volumegroups/index.ts'
import { listing } from '../input/options.ts'
import { type ListOptions, printList } from '../output/print.ts'
import type { Run } from '../run.ts'
import { OPERATION } from '../views/operation.ts'

interface Options extends ListOptions {
  readonly state?: OperationState
}

const STATES = ['running', 'undoing', 'done', 'failed', 'faulted'] as const satisfies OperationState[]

/** `mooring operation list`. */
export function operationList(operation: Command, run: Run): void {
  listing(operation.command('list'))
    .description('list what was done, what is under way and what failed')
    .addOption(new Option('--state <state>', 'only those in this state').choices(STATES))
    .action(
      run(async (session, { state, ...options }: Options) =>
        printList(session, OPERATION, options, (page) =>
          session.groups.listOperations({ ...page, state }, session.call),
        ),
      ),
    )
}
