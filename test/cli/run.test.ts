import { join } from 'node:path'
import { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { addVerbs } from '../../src/cli/program.ts'
import { runCli } from '../../src/cli/run.ts'
import { StorageError } from '../../src/volumegroups/index.ts'
import { FakeVolumeGroups } from '../fakes/fake-volume-groups.ts'
import { runLine, startCli, testTerminal } from './harness.ts'

describe('the exit code', () => {
  test.each([
    ['disk frobnicate', "unknown command 'frobnicate'"],
    ['disk list --frobnicate', "unknown option '--frobnicate'"],
    ['disk show', "missing required argument 'disk'"],
    ['disk create data --size 10XB', 'A size is a number with a unit'],
    ['disk list --limit 0', 'It must be a whole number from 1 to'],
    ['operation list --state asleep', 'Allowed choices are'],
    ['token create kim', "required option '--role <role>' not specified"],
    ['attachment revoke data --yes', 'say from whom'],
    ['rp create monday', 'say what it is of'],
    ['policy create p', 'say when'],
    ['policy create p --remote b --rpo 1h --every 1h', 'are for snapshots'],
    ['policy assign --none --on-project /', 'say which'],
    ['status --url http://192.0.2.10', 'both a socket and a URL'],
  ])('is 2 for: %s', async (line, message) => {
    await using cli = await startCli()
    const { code, out, err } = await cli.run(line)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(message)
  })

  test('is 2 for a configuration that can not be used', async () => {
    const ended = await runLine('status --url https://192.0.2.10')
    expect(ended).toMatchObject({ code: 2, err: expect.stringContaining('needs a token') })
  })

  test('is 3 when nobody answers, and says where', async () => {
    const socket = join(import.meta.dirname, 'nobody.sock')
    expect(await runLine(`status --socket ${socket}`)).toEqual({
      code: 3,
      out: '',
      err: `\
error: the element endpoint does not answer (ENOENT): ${socket} (ENDPOINT_UNAVAILABLE)
next: Check that the element runs and that its address is right; then try again.
`,
    })
  })

  test('is 3 when the element is not ready, but its status can be asked', async () => {
    await using cli = await startCli(
      Object.assign(new FakeVolumeGroups(), {
        status: async () => ({ ...(await new FakeVolumeGroups().status()), state: 'starting' as const }),
      }),
    )
    expect(await cli.run('disk list')).toMatchObject({ code: 3, out: '' })
    expect(await cli.run('status')).toMatchObject({ code: 0, out: expect.stringMatching(/total: +-\n/) })
  })

  test('is 0 for help and for the version of nothing at all', async () => {
    expect(await runLine('disk --help')).toMatchObject({ code: 0, err: '' })
  })
})

test('every fault of a request is told, each by its field', async () => {
  const violations = [
    { field: 'name', reason: 'INVALID_ARGUMENT', message: 'name is too long' },
    { field: 'size', reason: 'SIZE_OUT_OF_RANGE', message: 'size is too small' },
  ] as const
  await using cli = await startCli(
    Object.assign(new FakeVolumeGroups(), {
      createDisk: async () => {
        throw new StorageError('INVALID_ARGUMENT', 'the request has 2 faults', {
          violations,
          step: 'create disk',
        })
      },
    }),
  )
  const { code, err } = await cli.run('disk create data')
  expect(code).toBe(1)
  expect(err).toBe(`\
error: the request has 2 faults (INVALID_ARGUMENT, step: create disk)
  name: name is too long
  size: size is too small
next: Correct the fields that the error names and send the request again.
`)
  const { err: problem } = await cli.run('disk create data --json')
  expect(JSON.parse(problem)).toEqual({
    reason: 'INVALID_ARGUMENT',
    kind: 'invalid_request',
    detail: 'the request has 2 faults',
    step: 'create disk',
    violations,
    fix: 'Correct the fields that the error names and send the request again.',
  })
})

test('an idempotency key of the caller reaches the element', async () => {
  await using cli = await startCli()
  expect(await cli.run('vg create a --idempotency-key k1')).toMatchObject({ code: 0 })
  expect(await cli.run('vg create b --idempotency-key k1')).toMatchObject({
    code: 1,
    err: expect.stringContaining('IDEMPOTENCY_KEY_REUSED'),
  })
})

test('an interrupted wait says that the operation goes on', async () => {
  const begun = Promise.withResolvers<void>()
  const never = new Promise<never>(() => {})
  await using cli = await startCli(
    Object.assign(new FakeVolumeGroups(), {
      createGroup: () => {
        begun.resolve()
        return never
      },
    }),
  )
  const running = cli.run('vg create db', {
    columns: 80,
    onSleep: async (_, interrupt) => {
      await begun.promise
      interrupt()
    },
  })
  expect(await running).toMatchObject({ code: 130, err: expect.stringContaining('mooring operation list') })
})

test('a defect is not told as if it were a refusal', async () => {
  const { terminal } = testTerminal({})
  const program = new Command('mooring')
  addVerbs(program, {
    terminal,
    connect: async () => {
      throw new TypeError('a defect')
    },
  })
  await expect(runCli(program, ['status'], terminal)).rejects.toThrow(TypeError)
})

test('what another person chose can not write to the terminal', async () => {
  await using cli = await startCli()
  await cli.groups.createDisk({
    name: 'data',
    project: '/',
    group: { kind: 'own' },
    size: { requiredBytes: undefined, limitBytes: undefined },
    attributes: { note: '\u001b[2Jgone' },
  })
  const { out } = await cli.run('disk show data')
  expect(out).toContain('note=\ufffd[2Jgone')
})
