import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import type { FastifySchema } from 'fastify'
import { ACCESS } from './access.ts'
import { headersOf, queryOf } from './input.ts'
import { type CallDescription, type CallName, PROBLEM_MEDIA_TYPE, ProblemSchema } from './schemas/index.ts'

/** The API document is made from the schemas that check the requests. */
export const OPENAPI: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Mooring element',
      version: '1',
      description:
        'The control plane of one storage host. Errors are RFC 9457 problems; their reasons are listed in errors.md. x-roles says which role may make a call: any, or own = for its own initiator only.',
    },
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
    security: [{ bearer: [] }],
  },
}

/** What the document says of one call. */
export function openApiOf(name: CallName, call: CallDescription): FastifySchema & { 'x-roles': object } {
  const { params, body, answer, summary } = call
  const problem = {
    description: 'Refused or failed.',
    content: { [PROBLEM_MEDIA_TYPE]: { schema: ProblemSchema } },
  }
  const done = { description: 'Done.' }
  return {
    operationId: name,
    summary,
    tags: [call.path.split('/')[1] ?? ''],
    'x-roles': ACCESS[name],
    headers: headersOf(call),
    ...(params && { params }),
    querystring: queryOf(call),
    ...(body && { body }),
    response: {
      ...(answer
        ? { 200: { ...done, content: { 'application/json': { schema: answer } } } }
        : { 204: { ...done, type: 'null' } }),
      default: problem,
    },
  }
}

/** The document with each schema that has a title said once, under components. */
export function withComponents(document: object): object {
  const schemas: Record<string, unknown> = {}
  const visit = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(visit)
    if (typeof node !== 'object' || node === null) return node
    const entries = Object.entries(node).filter(([key]) => !key.startsWith('~'))
    const copy = Object.fromEntries(entries.map(([key, value]) => [key, visit(value)]))
    const { title, type } = copy as { title?: unknown; type?: unknown }
    if (typeof title !== 'string' || type !== 'object') return copy
    schemas[title] = copy
    return { $ref: `#/components/schemas/${title}` }
  }
  const copy = visit(document) as { components: object }
  const sorted = Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)))
  return { ...copy, components: { ...copy.components, schemas: sorted } }
}
