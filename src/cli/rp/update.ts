import type { Command } from 'commander'
import type { PointTerms, RecoveryPoint } from '../../volumegroups/index.ts'
import { type PointOptions, pointNaming, recoveryPointIdOf } from '../input/names.ts'
import { changing } from '../input/options.ts'
import { parseAttribute, parseDuration } from '../input/parse.ts'
import { printOne } from '../output/print.ts'
import { working } from '../output/progress.ts'
import type { Run } from '../run.ts'
import { RECOVERY_POINT } from '../views/recovery-point.ts'

interface Options extends PointOptions {
  readonly expiresIn?: number
  readonly keep?: true
  readonly lockFor?: number
  readonly label?: Readonly<Record<string, string>>
}

/** `mooring rp update <rp>`: changes what is named of its expiry, lock and labels, and leaves the rest. */
export function rpUpdate(rp: Command, run: Run): void {
  pointNaming(changing(rp.command('update <rp>')))
    .description('change the expiry, lock or labels of a recovery point')
    .option('--expires-in <duration>', 'delete it then', parseDuration)
    .option('--keep', 'let it not expire')
    .option('--lock-for <duration>', 'let nothing delete it before', parseDuration)
    .option('--label <key=value>', 'in place of all its labels; can be repeated', parseAttribute)
    .action(
      run(async (session, named: string, options: Options) => {
        const id = await recoveryPointIdOf(session, named, options)
        const point = await session.groups.getRecoveryPoint(id, session.call)
        const terms = termsOf(point, options, session.terminal.now())
        const work = { label: `updating recovery point ${named}`, kind: 'updateRecoveryPoint', about: id }
        const updated = await working(session, work, () =>
          session.groups.updateRecoveryPoint(id, terms, session.call),
        )
        await printOne(session, RECOVERY_POINT, updated)
      }),
    )
}

function termsOf(point: RecoveryPoint, { expiresIn, keep, lockFor, label }: Options, now: Date): PointTerms {
  const after = (ms: number): Date => new Date(now.getTime() + ms)
  const expiresAt = expiresIn === undefined ? point.expiresAt : after(expiresIn)
  return {
    expiresAt: keep ? undefined : expiresAt,
    lockedUntil: lockFor === undefined ? point.lockedUntil : after(lockFor),
    labels: label ?? point.labels,
  }
}
