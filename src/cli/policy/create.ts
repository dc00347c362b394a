import type { Command } from 'commander'
import { changing, naming, type ProjectOptions, ROOT_PROJECT } from '../input/options.ts'
import { describing, type PolicyOptions, settingsOf } from '../input/policy.ts'
import { printOne } from '../output/print.ts'
import type { Run } from '../run.ts'
import { POLICY } from '../views/policy.ts'

type Options = PolicyOptions & ProjectOptions

/** `mooring policy create <name>`: when snapshots are made and which are kept; or, with a remote, their protection. */
export function policyCreate(policy: Command, run: Run): void {
  describing(naming(changing(policy.command('create <name>'))))
    .description('make a policy; it applies where it is assigned')
    .action(
      run(async (session, name: string, { project = ROOT_PROJECT, ...options }: Options) => {
        const spec = { name, project, ...settingsOf(options) }
        await printOne(session, POLICY, await session.groups.createPolicy(spec, session.call))
      }),
    )
}
