import { expect, test } from 'vitest'
import { luksCommands } from '../../src/host/luks.ts'

const KEY = 'a secret passphrase'
const DEVICE = '/dev/loop7'

test('a key is in the input of a command, and in no argument', () => {
  const target = { device: DEVICE, name: 'mooring-x' }
  const commands = [
    luksCommands.format({ device: DEVICE, uuid: 'u' }, KEY),
    luksCommands.open(target, { readOnly: true }, KEY),
    luksCommands.resize('mooring-x', KEY),
  ]
  for (const { file, args, input } of commands) {
    expect(file).toBe('cryptsetup')
    expect(input).toBe(KEY)
    expect(args).toContain('--key-file=-')
    expect(args.join(' ')).not.toContain(KEY)
  }
})

test('a header says whose it is, and that nothing is inside', () => {
  const { args } = luksCommands.format({ device: DEVICE, uuid: 'uuid-1' }, KEY)
  expect(args.join(' ')).toContain('--uuid uuid-1 --label mooring-new')
  expect(args.slice(-2)).toEqual(['--', DEVICE])
})

test('a disk that is read-only is opened so', () => {
  const open = (readOnly: boolean) => luksCommands.open({ device: DEVICE, name: 'n' }, { readOnly }, KEY).args
  expect(open(true)).toContain('--readonly')
  expect(open(false)).not.toContain('--readonly')
})
