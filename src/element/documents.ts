import { pino } from 'pino'
import { CATALOGUE, type ErrorKind, type Reason, type VolumeGroups } from '../volumegroups/index.ts'
import { createElementApi } from './api.ts'
import { withComponents } from './openapi.ts'
import { HTTP_STATUS, isRetryable } from './problems.ts'

/** The API document, as it stands in docs/reference/openapi.json. */
export async function openApiDocument(): Promise<string> {
  // Routes are described when they are added; none of them is called here.
  const groups = {} as VolumeGroups
  await using app = createElementApi({ groups, auth: { kind: 'local' }, log: pino({ level: 'silent' }) })
  await app.ready()
  return `${JSON.stringify(withComponents(app.swagger()), undefined, 2)}\n`
}

const HEAD = `# Errors

Every error has a reason: a name that a program can rely on and that never changes its meaning. REST answers carry it in
\`reason\` of the problem body, with what was at fault in \`detail\` and what to do next in \`fix\`; log lines carry it as \`reason\`.
A *retryable* error can go away by itself: send the same request again, with the same Idempotency-Key.

This page is made from \`src/volumegroups/catalogue.ts\` by \`scripts/generate-docs.ts\`.
`

/** The page of all errors, as it stands in docs/reference/errors.md; the gRPC edge has its own table of codes. */
export function errorsPage(grpcCodeOf: (reason: Reason) => string): string {
  const entries = Object.entries(CATALOGUE) as [Reason, (typeof CATALOGUE)[Reason]][]
  const sections = Object.entries(HTTP_STATUS).map(([kind, status]) => {
    const rows = entries.filter(([, entry]) => entry.kind === kind)
    const codes = [`HTTP ${status}`, ...rows.slice(0, 1).map(([reason]) => `gRPC ${grpcCodeOf(reason)}`)]
    const retryable = isRetryable(kind as ErrorKind) ? ['retryable'] : []
    const lines = rows.map(([reason, { meaning, fix }]) => `| \`${reason}\` | ${meaning} | ${fix} |`)
    const table = ['| reason | meaning | what to do |', '|---|---|---|', ...lines].join('\n')
    return `## \`${kind}\`: ${[...codes, ...retryable].join(', ')}\n\n${table}\n`
  })
  return [HEAD, ...sections].join('\n')
}
