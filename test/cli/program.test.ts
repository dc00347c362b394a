import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { initiatorNamed, startCli } from './harness.ts'

const guide = readFileSync(join(import.meta.dirname, '../../docs/guides/cli.md'), 'utf8')

/** The lines of the guide's session, each with what the guide says that it prints. */
function sessionOf(text: string): { line: string; prints: string }[] {
  const [, session = ''] = /```console\n([\s\S]*?)```/.exec(text) ?? []
  return session
    .split(/^\$ mooring /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n')
      return { line: part.slice(0, end), prints: part.slice(end + 1) }
    })
}

test('the session of the guide runs, and prints what the guide says', async () => {
  await using cli = await startCli()
  await initiatorNamed(cli, 'worker-1')
  const seen: string[] = []
  const session = sessionOf(guide)
  expect(session.length).toBeGreaterThan(10)
  for (const { line, prints } of session) {
    const { out, err } = await cli.run(line, { columns: 110, seen })
    expect(`$ mooring ${line}\n${out}${err}`).toBe(`$ mooring ${line}\n${prints}`)
  }
})
