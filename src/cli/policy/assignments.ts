import type { Command } from 'commander'
import { policyIdOf } from '../input/names.ts'
import { listing, naming, type ProjectOptions } from '../input/options.ts'
import { type ListOptions, printList } from '../output/print.ts'
import type { Run } from '../run.ts'
import { ASSIGNMENT } from '../views/policy.ts'

interface Options extends ListOptions, ProjectOptions {
  readonly policy?: string
}

/** `mooring policy assignments`: where policies are set. */
export function policyAssignments(policy: Command, run: Run): void {
  naming(listing(policy.command('assignments')))
    .description('list where policies are set')
    .option('--policy <policy>', 'only this one')
    .action(
      run(async (session, { policy: named, project, ...options }: Options) => {
        const policyId = named === undefined ? undefined : await policyIdOf(session, named, project)
        await printList(session, ASSIGNMENT, options, (page) =>
          session.groups.listPolicyAssignments({ ...page, policyId }, session.call),
        )
      }),
    )
}
