import { type Command, Option } from 'commander'
import {
  CALENDAR_UNITS,
  type CalendarUnit,
  type PolicyKind,
  type PolicySettings,
  type PolicyTarget,
  type Retention,
  type Schedule,
} from '../../volumegroups/index.ts'
import { UsageError } from '../errors.ts'
import type { Session } from '../session.ts'
import { groupIdOf } from './names.ts'
import { naming, type ProjectOptions } from './options.ts'
import { collect, parseCount, parseDuration } from './parse.ts'

/** How a person writes what a policy says, and what it is set on. */

export type PolicyOptions = Partial<Record<CalendarUnit, number>> & {
  readonly cron?: readonly string[]
  readonly every?: number
  readonly timeZone: string
  readonly newest?: number
  readonly minimumKept?: number
  readonly lock?: number
  readonly expireEarly?: boolean
  readonly remote?: string
  readonly rpo?: number
}

export const KINDS = ['snapshot', 'protection'] as const satisfies PolicyKind[]

export const kindOption = (): Option => new Option('--kind <kind>', 'of which kind').choices(KINDS)

export function describing(command: Command): Command {
  command
    .option('--every <duration>', 'snapshots: so often, such as 1h', parseDuration)
    .option('--cron <expression>', "snapshots: at such times, as '0 2 * * *'; can be repeated", collect)
    .option('--time-zone <zone>', 'in which hours and days begin, such as Europe/Berlin', 'UTC')
    .option('--lock <duration>', 'snapshots: for so long nothing deletes one', parseDuration)
    .option('--remote <name>', 'protection: where recovery points travel to')
    .option('--rpo <duration>', 'protection: so old the newest copy may be', parseDuration)
    .option('--newest <n>', 'keep the newest n', parseCount)
  for (const unit of CALENDAR_UNITS) {
    command.option(`--${unit} <n>`, `keep the newest ${UNIT[unit]} each, of n of them`, parseCount)
  }
  return command
    .option('--minimum-kept <n>', 'never keep fewer', parseCount)
    .option('--expire-early', 'points may go before their time when the pool is full, oldest first')
}

const UNIT: Readonly<Record<CalendarUnit, string>> = {
  hourly: 'of an hour',
  daily: 'of a day',
  weekly: 'of a week',
  monthly: 'of a month',
  yearly: 'of a year',
}

/** Snapshots, or with a remote their protection. Whether the values make sense is for the element to say. */
export function settingsOf(options: PolicyOptions): PolicySettings {
  const { remote, rpo, lock = 0, expireEarly } = options
  const schedules = schedulesOf(options)
  if (remote === undefined) {
    if (rpo !== undefined) throw new UsageError('--rpo is for protection: say its --remote')
    if (schedules.length === 0) throw new UsageError('say when: --every, --cron, or both')
    return { kind: 'snapshot', schedules, retention: retentionOf(options), lockMs: lock, expireEarly }
  }
  if (rpo === undefined) throw new UsageError('protection needs an --rpo')
  if (schedules.length > 0 || lock > 0 || expireEarly) {
    throw new UsageError(
      '--every, --cron, --lock and --expire-early are for snapshots: make a policy for them, without --remote',
    )
  }
  return { kind: 'protection', remote, rpoMs: rpo, remoteRetention: retentionOf(options) }
}

function schedulesOf({ every, cron = [], timeZone }: PolicyOptions): readonly Schedule[] {
  const interval = every === undefined ? [] : [{ kind: 'interval' as const, everyMs: every }]
  return [...interval, ...cron.map((expression) => ({ kind: 'cron' as const, cron: expression, timeZone }))]
}

function retentionOf({ newest = 0, minimumKept = 0, timeZone, ...options }: PolicyOptions): Retention {
  const calendar = Object.fromEntries(CALENDAR_UNITS.map((unit) => [unit, options[unit] ?? 0]))
  return { newest, ...(calendar as Record<CalendarUnit, number>), timeZone, minimumKept }
}

export interface TargetOptions extends ProjectOptions {
  readonly onProject?: string
  readonly onVg?: string
}

export const targeting = (command: Command): Command =>
  naming(command)
    .option('--on-project <path>', 'on this project, for all that is in it')
    .option('--on-vg <vg>', 'on this volume group')

export async function targetOf(
  session: Session,
  { onProject, onVg, project }: TargetOptions,
): Promise<PolicyTarget> {
  if (onProject !== undefined && onVg === undefined) return { kind: 'project', path: onProject }
  if (onVg === undefined || onProject !== undefined) {
    throw new UsageError('say on what: either --on-project or --on-vg')
  }
  return { kind: 'volumeGroup', id: await groupIdOf(session, onVg, project) }
}
