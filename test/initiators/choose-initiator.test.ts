import { expect, test } from 'vitest'
import { chooseInitiator, type InitiatorFacts } from '../../src/initiators/choose-initiator.ts'

const SOUND: InitiatorFacts = {
  configured: 'auto',
  attached: { 'open-iscsi': 0, userspace: 0 },
  faults: [],
}
const FAULTS = ['iscsiadm can not be run', 'iscsid does not answer']

test("auto takes the kernel's initiator where it is sound, and else says all that is wrong with it", () => {
  expect(chooseInitiator(SOUND)).toMatchObject({ kind: 'open-iscsi' })
  expect(chooseInitiator({ ...SOUND, faults: FAULTS })).toEqual({
    kind: 'userspace',
    why: FAULTS.join('; '),
  })
})

test('what is configured is used, or refused with all that is missing', () => {
  expect(chooseInitiator({ ...SOUND, configured: 'userspace' })).toMatchObject({ kind: 'userspace' })
  expect(chooseInitiator({ ...SOUND, configured: 'open-iscsi' })).toMatchObject({ kind: 'open-iscsi' })
  const refused = (): unknown => chooseInitiator({ ...SOUND, configured: 'open-iscsi', faults: FAULTS })
  for (const fault of FAULTS) expect(refused).toThrow(fault)
})

test('a node stays with the initiator that holds its disks, whatever the preflight says by now', () => {
  const held = { 'open-iscsi': 2, userspace: 0 }
  expect(chooseInitiator({ ...SOUND, attached: held, faults: FAULTS })).toMatchObject({ kind: 'open-iscsi' })
  expect(chooseInitiator({ ...SOUND, attached: { 'open-iscsi': 0, userspace: 1 } })).toMatchObject({
    kind: 'userspace',
  })
  const other = (): unknown => chooseInitiator({ ...SOUND, configured: 'userspace', attached: held })
  expect(other).toThrow(/2 disks of this node are attached through open-iscsi/)
})
