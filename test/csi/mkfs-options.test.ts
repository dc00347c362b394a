import { expect, test } from 'vitest'
import type { FileSystem } from '../../src/csi/file-systems.ts'
import { parseMkfsOptions } from '../../src/csi/mkfs-options.ts'
import { parsing } from '../../src/csi/parse.ts'

const parse = (fileSystem: FileSystem, text: string): readonly string[] =>
  parsing((faults) => parseMkfsOptions({ fileSystem, text, field: 'mkfsOptions' }, faults))

test.each([
  ['ext4', '', []],
  ['ext4', '  -b 4096   -O ^has_journal,metadata_csum ', ['-b', '4096', '-O', '^has_journal,metadata_csum']],
  ['ext4', '-i8192 -E stride=16,stripe_width=64', ['-i', '8192', '-E', 'stride=16,stripe_width=64']],
  ['xfs', '-b size=4096 -i maxpct=5', ['-b', 'size=4096', '-i', 'maxpct=5']],
  ['btrfs', '-m single -d single', ['-m', 'single', '-d', 'single']],
] as const)('%s: %j is read', (fsType, text, args) => {
  expect(parse(fsType, text)).toEqual(args)
})

test.each([
  ['ext4', '-J device=/dev/sda'],
  ['ext4', '-J device=LABEL=x'],
  ['ext4', '-E offset=4096'],
  ['ext4', '-d /etc'],
  ['ext4', '-F'],
  ['ext4', '-n'],
  ['ext4', '-b'],
  ['ext4', '4096'],
  ['ext4', '/dev/sda'],
  ['ext4', '-- -b 4096'],
  ['ext4', '--version'],
  ['ext4', '-b $(reboot)'],
  ['ext4', '-b 4096;reboot'],
  ['ext4', '-L "two words"'],
  ['ext4', `-L ${'x'.repeat(2000)}`],
  ['xfs', '-l logdev=sda'],
  ['xfs', '-d name=x'],
  ['xfs', '-d agcount=4,file=1'],
  ['xfs', '-r rtdev=x'],
  ['xfs', '-p proto'],
  ['xfs', '-c options=x'],
  ['xfs', '-m uuid=11111111-1111-1111-1111-111111111111'],
  ['btrfs', '-r dir'],
  ['btrfs', '-U x'],
  ['btrfs', '-f'],
] as const)('%s: %j is refused', (fsType, text) => {
  expect(() => parse(fsType, text)).toThrow(expect.objectContaining({ reason: 'INVALID_ARGUMENT' }))
})

test('all faults are told at once', () => {
  expect(() => parse('xfs', '-f -l logdev=sda -b')).toThrow(
    expect.objectContaining({ violations: expect.objectContaining({ length: 3 }) }),
  )
})
