import { Type } from 'typebox'
import type { Operation, OperationId } from '../../volumegroups/index.ts'
import { describe } from './calls.ts'
import { decodesTo, id, listQuery, pageOf, time } from './wire.ts'

const operationId = () => id<OperationId>('op', 'an operation')
const state = () => Type.Enum(['running', 'undoing', 'done', 'failed', 'faulted'])

export const OperationSchema = decodesTo<Operation>()(
  Type.Object(
    {
      id: operationId(),
      kind: Type.String(),
      state: state(),
      step: Type.Optional(Type.String()),
      entities: Type.Array(Type.String()),
      error: Type.Optional(Type.Object({ reason: Type.String(), message: Type.String() })),
      startedAt: time(),
      endedAt: Type.Optional(time()),
    },
    { title: 'Operation' },
  ),
)

export const operationCalls = {
  getOperation: describe({
    method: 'GET',
    path: '/operations/:operationId',
    summary: 'Gives one operation.',
    params: Type.Object({ operationId: operationId() }),
    answer: OperationSchema,
  }),
  listOperations: describe({
    method: 'GET',
    path: '/operations',
    summary: 'Lists operations: what was done, what is under way, what failed.',
    query: listQuery({ state: Type.Optional(state()) }),
    answer: pageOf(OperationSchema, 'Operation'),
  }),
}
