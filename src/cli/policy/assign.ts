import type { Command } from 'commander'
import type { PolicyKind, PolicySetting } from '../../volumegroups/index.ts'
import { UsageError } from '../errors.ts'
import { policyIdOf } from '../input/names.ts'
import { changing } from '../input/options.ts'
import { kindOption, type TargetOptions, targeting, targetOf } from '../input/policy.ts'
import { printOne } from '../output/print.ts'
import type { Run } from '../run.ts'
import type { Session } from '../session.ts'
import { ASSIGNMENT } from '../views/policy.ts'

interface Options extends TargetOptions {
  readonly none?: true
  readonly kind?: PolicyKind
}

/** `mooring policy assign <policy>`: in place of what was set there. `--none`: none, whatever is set above. */
export function policyAssign(policy: Command, run: Run): void {
  targeting(changing(policy.command('assign [policy]')))
    .description('set a policy, or none, on a project or a volume group')
    .option('--none', 'no policy of this --kind, whatever is set above')
    .addOption(kindOption())
    .action(
      run(async (session, named: string | undefined, options: Options) => {
        const target = await targetOf(session, options)
        const setting = { target, ...(await chosen(session, named, options)) }
        await printOne(session, ASSIGNMENT, await session.groups.assignPolicy(setting, session.call))
      }),
    )
}

async function chosen(
  session: Session,
  named: string | undefined,
  { none, kind, project }: Options,
): Promise<Omit<PolicySetting, 'target'>> {
  if (named !== undefined && none === undefined) {
    const policyId = await policyIdOf(session, named, project)
    const found = await session.groups.getPolicy(policyId, session.call)
    return { kind: found.kind, policyId }
  }
  if (named === undefined && none && kind) return { kind, policyId: undefined }
  throw new UsageError('say which: either a policy, or --none with a --kind')
}
