import { type Static, Type } from 'typebox'

/** RFC 9457 problem, with what a program and a person need to go on. */
export const ProblemSchema = Type.Object(
  {
    type: Type.String(),
    title: Type.String({ description: 'What the reason means.' }),
    status: Type.Integer(),
    detail: Type.String({ description: 'What was at fault in this request.' }),
    instance: Type.String({ description: 'Names this answer: the Request-Id, as it stands in the log.' }),
    reason: Type.String({ description: 'Machine-readable; docs/reference/errors.md lists all.' }),
    kind: Type.String(),
    entity: Type.Optional(Type.Object({ kind: Type.String(), id: Type.String() })),
    step: Type.Optional(Type.String({ description: 'The step of the operation at which it failed.' })),
    violations: Type.Array(
      Type.Object({ field: Type.String(), reason: Type.String(), message: Type.String() }),
    ),
    fix: Type.String({ description: 'What to do next.' }),
    retryable: Type.Boolean({ description: 'Whether the same request can succeed later as it is.' }),
  },
  { title: 'Problem' },
)

export type Problem = Static<typeof ProblemSchema>

export const PROBLEM_MEDIA_TYPE = 'application/problem+json'
