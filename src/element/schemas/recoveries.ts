import { Type } from 'typebox'
import type {
  RecordedDecision,
  RecoveryId,
  RecoveryReport,
  RecoverySummary,
} from '../../volumegroups/index.ts'
import { DECISION_KINDS } from '../../volumegroups/index.ts'
import { describe } from './calls.ts'
import { decodesTo, id, listQuery, pageOf, time } from './wire.ts'

const recoveryId = () => id<RecoveryId>('recovery', 'a recovery')

const summary = () => ({
  id: recoveryId(),
  at: time(),
  isRestored: Type.Boolean({
    description: 'They differed as only a restored database or pool does: the incarnation is a new one.',
  }),
  incarnations: Type.Object({ before: Type.String(), after: Type.String() }),
  counts: Type.Record(Type.String(), Type.Integer(), { description: 'How many decisions of each kind.' }),
})

const RecoverySummarySchema = decodesTo<RecoverySummary>()(
  Type.Object(summary(), { title: 'RecoverySummary' }),
)

const DecisionSchema = decodesTo<RecordedDecision>()(
  Type.Object(
    {
      kind: Type.Enum([...DECISION_KINDS]),
      entities: Type.Array(Type.String(), { description: 'What it is about: first the thing itself.' }),
      detail: Type.String(),
      failure: Type.Optional(
        Type.Object(
          { reason: Type.String(), message: Type.String() },
          { description: 'Why it could not be done; the next start tries again.' },
        ),
      ),
    },
    { title: 'Decision' },
  ),
)

export const RecoverySchema = decodesTo<RecoveryReport>()(
  Type.Object({ ...summary(), decisions: Type.Array(DecisionSchema) }, { title: 'Recovery' }),
)

export const recoveryCalls = {
  getRecovery: describe({
    method: 'GET',
    path: '/recoveries/:recoveryId',
    summary: 'Gives what was decided at a start at which database and data differed.',
    params: Type.Object({ recoveryId: recoveryId() }),
    answer: RecoverySchema,
  }),
  listRecoveries: describe({
    method: 'GET',
    path: '/recoveries',
    summary: 'Lists the last starts at which database and data differed.',
    query: listQuery({}),
    answer: pageOf(RecoverySummarySchema, 'Recovery'),
  }),
}
