import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { CommandError, run, startDaemon } from '../../src/host/exec.ts'

test('gives back output and feeds input', async () => {
  const result = await run({ file: 'cat', args: [], input: 'hello' })
  expect(result).toEqual({ exitCode: 0, stdout: 'hello', stderr: '' })
})

test('an unexpected exit code throws, with the standard error in the cause only', async () => {
  const failure = await run({ file: 'sh', args: ['-c', 'echo secret >&2; exit 3'] }).catch(
    (error: unknown) => error,
  )
  expect(failure).toMatchObject({
    reason: 'COMMAND_FAILED',
    cause: { result: { exitCode: 3, stderr: 'secret\n' } },
  })
  expect((failure as Error).message).not.toContain('secret')
  expect((failure as Error).cause).toBeInstanceOf(CommandError)
})

test('an expected exit code is an answer', async () => {
  await expect(run({ file: 'sh', args: ['-c', 'exit 2'] }, { okCodes: [0, 2] })).resolves.toMatchObject({
    exitCode: 2,
  })
})

test('a command that takes too long is killed', async () => {
  await expect(run({ file: 'sleep', args: ['60'] }, { timeoutMs: 50 })).rejects.toMatchObject({
    reason: 'STEP_TIMED_OUT',
  })
})

test('what holds on to a killed command does not keep its caller waiting', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'mooring-exec-')), 'pid')
  const script = `sleep 60 & echo $! > ${file}; wait`
  await expect(run({ file: 'sh', args: ['-c', script] }, { timeoutMs: 500 })).rejects.toMatchObject({
    reason: 'STEP_TIMED_OUT',
  })
  process.kill(Number(readFileSync(file, 'utf8')))
  rmSync(dirname(file), { recursive: true })
})

test('a caller that goes away ends the command', async () => {
  const abort = new AbortController()
  const running = run({ file: 'sleep', args: ['60'] }, { signal: abort.signal })
  abort.abort()
  await expect(running).rejects.toMatchObject({ reason: 'DEADLINE_EXCEEDED' })
})

test('a program that is not there is a failure, not a crash', async () => {
  await expect(run({ file: 'no-such-program', args: [] })).rejects.toMatchObject({ reason: 'COMMAND_FAILED' })
  await expect(startDaemon({ file: 'no-such-program', args: [] })).rejects.toMatchObject({
    reason: 'COMMAND_FAILED',
  })
})

test('output without end is cut off', async () => {
  const running = run({ file: 'yes', args: [] }, { maxOutputBytes: 100_000 })
  await expect(running).rejects.toMatchObject({ reason: 'COMMAND_FAILED' })
})

test('a daemon that ignores the signal is killed after its grace', async () => {
  const ready = join(mkdtempSync(join(tmpdir(), 'mooring-exec-')), 'ready')
  const script = `trap "" TERM; touch ${ready}; while :; do sleep 0.05; done`
  const daemon = await startDaemon({ file: 'sh', args: ['-c', script] })
  await expect.poll(() => existsSync(ready)).toBe(true)
  await daemon.stop('SIGTERM', 200)
  await expect(daemon.exited).resolves.toEqual({ code: null, signal: 'SIGKILL' })
  rmSync(dirname(ready), { recursive: true })
})
