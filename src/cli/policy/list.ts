import type { Command } from 'commander'
import type { PolicyKind } from '../../volumegroups/index.ts'
import { listing, naming, type ProjectOptions } from '../input/options.ts'
import { kindOption } from '../input/policy.ts'
import { type ListOptions, printList } from '../output/print.ts'
import type { Run } from '../run.ts'
import { POLICY } from '../views/policy.ts'

interface Options extends ListOptions, ProjectOptions {
  readonly kind?: PolicyKind
}

/** `mooring policy list`. */
export function policyList(policy: Command, run: Run): void {
  naming(listing(policy.command('list')))
    .description('list policies')
    .addOption(kindOption())
    .action(
      run(async (session, { kind, project, ...options }: Options) =>
        printList(session, POLICY, options, (page) =>
          session.groups.listPolicies({ ...page, kind, project }, session.call),
        ),
      ),
    )
}
