import type { Command } from 'commander'
import { confirm } from '../input/confirm.ts'
import { policyIdOf } from '../input/names.ts'
import { type ConfirmOptions, destroying, naming, type ProjectOptions } from '../input/options.ts'
import { printDone } from '../output/print.ts'
import type { Run } from '../run.ts'

/** `mooring policy delete <policy>`: only one that is assigned to nothing. */
export function policyDelete(policy: Command, run: Run): void {
  naming(destroying(policy.command('delete <policy>')))
    .description('delete a policy that is assigned to nothing')
    .action(
      run(async (session, named: string, options: ConfirmOptions & ProjectOptions) => {
        const id = await policyIdOf(session, named, options.project)
        await confirm(session, options, `delete policy ${named}`)
        await session.groups.deletePolicy(id, session.call)
        printDone(session, `deleted ${id}`)
      }),
    )
}
