import { Type } from 'typebox'
import { type Audit, DRIFT_ACTIONS, DRIFT_KINDS, type Finding, type Sweep } from '../../volumegroups/index.ts'
import { describe } from './calls.ts'
import { decodesTo, time } from './wire.ts'

const FindingSchema = decodesTo<Finding>()(
  Type.Object(
    {
      kind: Type.Enum([...DRIFT_KINDS]),
      entities: Type.Array(Type.String(), { description: 'What it is about: first the thing itself.' }),
      found: Type.String(),
      wanted: Type.String(),
      action: Type.Enum([...DRIFT_ACTIONS], {
        description:
          'What a sweep does about it. quarantined: it is not served, and nothing of it is deleted.',
      }),
      failure: Type.Optional(
        Type.Object(
          { reason: Type.String(), message: Type.String() },
          { description: 'Why it could not be done; the next sweep tries again.' },
        ),
      ),
    },
    { title: 'Finding' },
  ),
)

const sweep = () => ({
  at: time(),
  durationMs: Type.Integer(),
  findings: Type.Array(FindingSchema, { description: 'The first of them; all are counted.' }),
  count: Type.Integer(),
})

const SweepSchema = decodesTo<Sweep>()(Type.Object(sweep(), { title: 'Sweep' }))

export const AuditSchema = decodesTo<Audit>()(
  Type.Object(
    {
      ...sweep(),
      sweeps: Type.Array(SweepSchema, {
        description: 'The last sweeps of this process that found anything, newest first.',
      }),
    },
    { title: 'Audit' },
  ),
)

export const auditCalls = {
  audit: describe({
    method: 'GET',
    path: '/audit',
    summary: 'Compares database, store, target and nodes now, and changes nothing.',
    answer: AuditSchema,
  }),
}
