import type { Command } from 'commander'
import type { PolicyKind } from '../../volumegroups/index.ts'
import { confirm } from '../input/confirm.ts'
import { type ConfirmOptions, destroying } from '../input/options.ts'
import { kindOption, type TargetOptions, targeting, targetOf } from '../input/policy.ts'
import { printDone } from '../output/print.ts'
import type { Run } from '../run.ts'

interface Options extends TargetOptions, ConfirmOptions {
  readonly kind: PolicyKind
}

/** `mooring policy unassign --kind <kind>`: what is set above applies again. */
export function policyUnassign(policy: Command, run: Run): void {
  targeting(destroying(policy.command('unassign')))
    .description('take a setting away, so that what is set above applies again')
    .addOption(kindOption().makeOptionMandatory())
    .action(
      run(async (session, options: Options) => {
        const target = await targetOf(session, options)
        const where = target.kind === 'project' ? target.path : target.id
        await confirm(session, options, `take away what is set of ${options.kind} on ${where}`)
        await session.groups.unassignPolicy(target, options.kind, session.call)
        printDone(session, `nothing is set of ${options.kind} on ${where}`)
      }),
    )
}
