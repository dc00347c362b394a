import type { Command } from 'commander'
import { type GroupChanges, type PolicyChoice, type PolicyKind, policyIds } from '../../volumegroups/index.ts'
import { UsageError } from '../errors.ts'
import { groupIdOf } from '../input/names.ts'
import { changing, naming, type ProjectOptions } from '../input/options.ts'
import { collect, parseAttribute } from '../input/parse.ts'
import { KINDS } from '../input/policy.ts'
import { printOne } from '../output/print.ts'
import { working } from '../output/progress.ts'
import type { Run } from '../run.ts'
import { VOLUME_GROUP } from '../views/volume-group.ts'

interface Options extends ProjectOptions {
  readonly snapshotPolicy?: string
  readonly protectionPolicy?: string
  readonly inherit?: readonly string[]
  readonly none?: readonly string[]
  readonly label?: Readonly<Record<string, string>>
  readonly clearLabels?: true
}

/** `mooring vg set <vg>`: policies and labels, all that is named or nothing. What is not named stays. */
export function vgSet(vg: Command, run: Run): void {
  naming(changing(vg.command('set <vg>')))
    .description('set policies and labels of a volume group: all that is named, or nothing')
    .option(
      '--snapshot-policy <policy>',
      "the nearest of this name, of the group's project or above; or an id",
    )
    .option('--protection-policy <policy>', 'in the same way')
    .option('--inherit <kind>', 'let what is set above apply; can be repeated', collect)
    .option('--none <kind>', 'no policy of this kind, whatever is set above; can be repeated', collect)
    .option('--label <key=value>', 'in place of all its labels; can be repeated', parseAttribute)
    .option('--clear-labels', 'leave no labels')
    .action(
      run(async (session, named: string, { project, ...options }: Options) => {
        const changes = changesOf(options)
        const id = await groupIdOf(session, named, project)
        const work = { label: `setting volume group ${named}`, kind: 'updateGroup', about: id }
        const group = await working(session, work, () =>
          session.groups.updateGroup(id, changes, session.call),
        )
        await printOne(session, VOLUME_GROUP, group)
      }),
    )
}

function changesOf(options: Options): GroupChanges {
  const snapshotPolicy = choiceOf('snapshot', options.snapshotPolicy, options)
  const protectionPolicy = choiceOf('protection', options.protectionPolicy, options)
  const { label, clearLabels, inherit = [], none = [] } = options
  const unknown = [...inherit, ...none].find((kind) => !KINDS.some((known) => known === kind))
  if (unknown !== undefined) throw new UsageError(`${unknown} is no kind of policy: ${KINDS.join(' or ')}`)
  if (label && clearLabels) throw new UsageError('say either --label or --clear-labels')
  const labels = clearLabels ? {} : label
  if (!(snapshotPolicy || protectionPolicy || labels)) throw new UsageError('say what to set')
  return { snapshotPolicy, protectionPolicy, labels }
}

function choiceOf(
  kind: PolicyKind,
  named: string | undefined,
  { inherit = [], none = [] }: Options,
): PolicyChoice | undefined {
  const choices: PolicyChoice[] = [
    ...(named === undefined ? [] : [policyNamed(named)]),
    ...(inherit.includes(kind) ? [{ kind: 'inherited' } as const] : []),
    ...(none.includes(kind) ? [{ kind: 'none' } as const] : []),
  ]
  if (choices.length > 1) throw new UsageError(`say one thing of the ${kind} policy`)
  return choices[0]
}

const policyNamed = (text: string): PolicyChoice =>
  policyIds.is(text) ? { kind: 'policy', id: text } : { kind: 'named', name: text }
