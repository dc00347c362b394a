import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { runLine } from './harness.ts'

const run = promisify(execFile)

/** What bash offers for the last of these words, with our script and nothing else loaded. */
async function offered(...words: string[]): Promise<string[]> {
  const { out } = await runLine('completion bash')
  const ask = `COMP_WORDS=(mooring ${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length}
_mooring
printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout } = await run('bash', ['--noprofile', '--norc', '-euc', `${out}\n${ask}`], {
    timeout: 10_000,
  })
  return stdout.split('\n').filter((word) => word !== '')
}

describe('in bash', () => {
  test('the first word is a noun, or a verb that has none', async () => {
    const words = await offered('')
    expect(words).toEqual(expect.arrayContaining(['disk', 'vg', 'rp', 'status', 'completion', '--json']))
    expect(words).not.toContain('grow')
  })

  test('a noun is followed by its verbs', async () => {
    expect(await offered('disk', 're')).toEqual(['restore'])
    expect(await offered('policy', 'as')).toEqual(['assign', 'assignments'])
  })

  test('a verb is followed by its options and everybody’s', async () => {
    expect(await offered('disk', 'delete', 'data', '--')).toEqual(
      expect.arrayContaining(['--yes', '--idempotency-key', '--json', '--socket', '--help']),
    )
    expect(await offered('disk', 'delete', '--y')).toEqual(['--yes'])
  })

  test('an option is followed by its choices, a file, or nothing that could be guessed', async () => {
    expect(await offered('operation', 'list', '--state', 'f')).toEqual(['failed', 'faulted'])
    expect(await offered('status', '--socket', '/etc/host')).toContain('/etc/hosts')
    expect(await offered('disk', 'create', '--size', '')).toEqual([])
    expect(await offered('operation', 'list', '--watch', '--st')).toEqual(['--state'])
  })

  test('options before the verb are in nobody’s way', async () => {
    expect(await offered('--json', 'disk', 'gr')).toEqual(['grow'])
  })

  test('an argument has choices too', async () => {
    expect(await offered('completion', 'f')).toEqual(['fish'])
  })
})

test('zsh and fish get every command with what it does', async () => {
  const { out: zsh } = await runLine('completion zsh')
  expect(zsh).toContain("'disk') found=('list:list disks'")
  expect(zsh).toContain("'operation list|--state') compadd -- running undoing done failed faulted; return ;;")
  const { out: fish } = await runLine('completion fish')
  expect(fish).toContain(`complete -c mooring -n '__mooring_at \\' disk\\'' -a 'list' -d 'list disks'`)
  expect(fish).toContain("-l state -x -a 'running undoing done failed faulted'")
})

test('a shell that is not known is refused', async () => {
  expect(await runLine('completion tcsh')).toMatchObject({ code: 2, out: '' })
})
