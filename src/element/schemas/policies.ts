import { Type } from 'typebox'
import {
  CALENDAR_UNITS,
  type EffectivePolicies,
  MAX_LOCK_MS,
  MAX_RETAINED,
  MAX_RPO_MS,
  MAX_SCHEDULE_INTERVAL_MS,
  MAX_SCHEDULES_PER_POLICY,
  MIN_RPO_MS,
  MIN_SCHEDULE_INTERVAL_MS,
  type Policy,
  type PolicyAssignment,
  type PolicyId,
  type PolicySetting,
  type PolicySettings,
  type PolicySpec,
  type PolicyTarget,
  type ProtectionPolicy,
  type Retention,
  type Schedule,
  type SnapshotPolicy,
} from '../../volumegroups/index.ts'
import { project } from './projects.ts'
import { groupId } from './volume-groups.ts'
import { decodesTo, id, newName, request, time } from './wire.ts'

export const policyId = () => id<PolicyId>('policy', 'a policy')
export const policyKind = () => Type.Enum(['snapshot', 'protection'])

const one = { minProperties: 1, maxProperties: 1 }
const count = () => Type.Integer({ minimum: 0, maximum: MAX_RETAINED })
const timeZone = () => Type.String({ maxLength: 64, description: 'Such as Europe/Berlin, or UTC.' })

/** On the wire, a schedule has either of two fields. */
const ScheduleSchema = Type.Codec(
  request(
    {
      cron: Type.Optional(
        request({
          expression: Type.String({ maxLength: 256, description: 'Five fields, such as "0 2 * * *".' }),
          timeZone: timeZone(),
        }),
      ),
      everyMs: Type.Optional(
        Type.Integer({ minimum: MIN_SCHEDULE_INTERVAL_MS, maximum: MAX_SCHEDULE_INTERVAL_MS }),
      ),
    },
    { title: 'Schedule', ...one },
  ),
)
  .Decode(
    ({ cron, everyMs }): Schedule =>
      cron === undefined
        ? { kind: 'interval', everyMs: everyMs as number }
        : { kind: 'cron', cron: cron.expression, timeZone: cron.timeZone },
  )
  .Encode((schedule) =>
    schedule.kind === 'interval'
      ? { everyMs: schedule.everyMs }
      : { cron: { expression: schedule.cron, timeZone: schedule.timeZone } },
  )

const RetentionSchema = decodesTo<Retention>()(
  request(
    {
      newest: count(),
      ...(Object.fromEntries(CALENDAR_UNITS.map((unit) => [unit, count()])) as Record<
        (typeof CALENDAR_UNITS)[number],
        ReturnType<typeof count>
      >),
      timeZone: timeZone(),
      minimumKept: count(),
    },
    { title: 'Retention' },
  ),
)

const SnapshotSchema = request(
  {
    schedules: Type.Array(ScheduleSchema, { minItems: 1, maxItems: MAX_SCHEDULES_PER_POLICY }),
    retention: RetentionSchema,
    lockMs: Type.Integer({ minimum: 0, maximum: MAX_LOCK_MS }),
    expireEarly: Type.Optional(
      Type.Boolean({
        description:
          'Whether scheduled points may be deleted before their time when the pool is full, oldest first. Left out: they may not.',
      }),
    ),
  },
  { title: 'SnapshotSettings' },
)

const ProtectionSchema = request(
  {
    remote: newName(),
    rpoMs: Type.Integer({ minimum: MIN_RPO_MS, maximum: MAX_RPO_MS }),
    remoteRetention: RetentionSchema,
  },
  { title: 'ProtectionSettings' },
)

/** On the wire, what a policy says stands under the name of its kind. */
const sections = () => ({
  snapshot: Type.Optional(SnapshotSchema),
  protection: Type.Optional(ProtectionSchema),
})
interface Sections {
  readonly snapshot?: Omit<Extract<PolicySettings, { kind: 'snapshot' }>, 'kind'>
  readonly protection?: Omit<Extract<PolicySettings, { kind: 'protection' }>, 'kind'>
}

const fromSections = ({ snapshot, protection }: Sections): PolicySettings =>
  snapshot === undefined
    ? { kind: 'protection', ...(protection as NonNullable<typeof protection>) }
    : { kind: 'snapshot', ...snapshot }

function toSections(settings: PolicySettings): Sections {
  if (settings.kind === 'protection') {
    const { remote, rpoMs, remoteRetention } = settings
    return { protection: { remote, rpoMs, remoteRetention } }
  }
  const { schedules, retention, lockMs, expireEarly } = settings
  return { snapshot: { schedules, retention, lockMs, ...(expireEarly && { expireEarly }) } }
}

export const SettingsRequest = Type.Codec(request(sections(), { title: 'PolicySettingsRequest', ...one }))
  .Decode((value) => fromSections(value as Sections))
  .Encode((settings) => toSections(settings) as never)

export const PolicyRequest = Type.Codec(
  request(
    { name: newName(), project: project(), ...sections() },
    { title: 'PolicyRequest', minProperties: 3, maxProperties: 3 },
  ),
)
  .Decode(({ name, project, ...rest }): PolicySpec => ({ name, project, ...fromSections(rest as Sections) }))
  .Encode(({ name, project, ...settings }) => ({ name, project, ...toSections(settings) }) as never)

const policyProperties = () => ({
  id: policyId(),
  name: Type.String(),
  project: Type.String(),
  generation: Type.Integer(),
  createdAt: time(),
  ...sections(),
})

/** Of either kind, or of the one that the place asks for. */
const policyOf = <Kind extends Policy>() =>
  Type.Codec(Type.Object(policyProperties(), { title: 'Policy' }))
    .Decode(
      ({ id, name, project, generation, createdAt, ...rest }) =>
        ({ id, name, project, generation, createdAt, ...fromSections(rest as Sections) }) as Kind,
    )
    .Encode(({ id, name, project, generation, createdAt, ...settings }) => {
      const common = { id, name, project, generation, createdAt }
      return { ...common, ...toSections(settings as unknown as PolicySettings) } as never
    })

export const PolicySchema = policyOf<Policy>()

const targets = () => ({ project: Type.Optional(project()), groupId: Type.Optional(groupId()) })
interface WireTarget {
  readonly project?: string
  readonly groupId?: Extract<PolicyTarget, { kind: 'volumeGroup' }>['id']
}

const fromWire = ({ project, groupId }: WireTarget): PolicyTarget =>
  groupId === undefined ? { kind: 'project', path: project as string } : { kind: 'volumeGroup', id: groupId }

export const toWire = (target: PolicyTarget): WireTarget =>
  target.kind === 'project' ? { project: target.path } : { groupId: target.id }

const TargetSchema = Type.Codec(request(targets(), { title: 'PolicyTarget', ...one }))
  .Decode((value) => fromWire(value as WireTarget))
  .Encode((target) => toWire(target) as never)

export const SettingRequest = decodesTo<PolicySetting>()(
  request(
    { target: TargetSchema, kind: policyKind(), policyId: Type.Optional(policyId()) },
    { title: 'PolicySettingRequest', description: 'Without a policy: none, whatever is set above.' },
  ),
)

/** Of a query, which has no objects: the target beside the kind. */
export const SettingQuery = Type.Codec(
  request({ ...targets(), kind: policyKind() }, { minProperties: 2, maxProperties: 2 }),
)
  .Decode(({ kind, ...target }) => ({ kind, target: fromWire(target as WireTarget) }))
  .Encode(({ kind, target }) => ({ kind, ...toWire(target) }) as never)

export const AssignmentSchema = decodesTo<PolicyAssignment>()(
  Type.Object(
    { target: TargetSchema, kind: policyKind(), policyId: Type.Optional(policyId()), setAt: time() },
    { title: 'PolicyAssignment' },
  ),
)

const inherited = <Kind extends Policy>() =>
  Type.Object(
    {
      policy: Type.Optional(policyOf<Kind>()),
      from: Type.Optional(TargetSchema),
      path: Type.Array(TargetSchema),
    },
    {
      title: 'InheritedPolicy',
      description: 'The policy, where it is set, and where a setting was looked for, nearest first.',
    },
  )

export const EffectiveSchema = decodesTo<EffectivePolicies>()(
  Type.Object(
    { snapshot: inherited<SnapshotPolicy>(), protection: inherited<ProtectionPolicy>() },
    { title: 'EffectivePolicies' },
  ),
)
