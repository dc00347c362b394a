import { expect, test } from 'vitest'
import { parseAccounts, parseConnections, parseTargets } from '../../../../src/host/targets/tgt/show.ts'

const TARGETS = `Target 3: iqn.2026-01.test:x
    System information:
        Driver: iscsi
        State: ready
        Nop interval: 5
    I_T nexus information:
        I_T nexus: 1
            Initiator: iqn.n:a alias: none
            Connection: 0
                IP Address: 127.0.0.1
    LUN information:
        LUN: 0
            Type: controller
            SCSI ID: IET     00030000
            SCSI SN: beaf30
            Readonly: No
            Backing store path: None
            Backing store flags: 
        LUN: 7
            Type: disk
            SCSI ID: 60014055a1b2c3d4e5f60718293a4b5c
            SCSI SN: abc
            Size: 8 MB, Block size: 512
            Readonly: Yes
            Backing store path: /pool/a: b.img
            Backing store flags: 
    Account information:
        user
        mutual (outgoing)
    ACL information:
        iqn.n:a
        iqn.n:b
Target 4: iqn.2026-01.test:y
    System information:
        Driver: iscsi
        State: offline
    I_T nexus information:
    LUN information:
    Account information:
    ACL information:
`

test('targets are read with their LUNs, accounts and initiators', () => {
  expect(parseTargets(TARGETS)).toEqual([
    {
      tid: 3,
      name: 'iqn.2026-01.test:x',
      ready: true,
      luns: [
        {
          lun: 7,
          naa: '60014055a1b2c3d4e5f60718293a4b5c',
          serial: 'abc',
          backingPath: '/pool/a: b.img',
          readOnly: true,
        },
      ],
      incoming: ['user'],
      outgoing: ['mutual'],
      initiators: ['iqn.n:a', 'iqn.n:b'],
    },
    {
      tid: 4,
      name: 'iqn.2026-01.test:y',
      ready: false,
      luns: [],
      incoming: [],
      outgoing: [],
      initiators: [],
    },
  ])
  expect(parseTargets('')).toEqual([])
})

test('connections are read with their sessions', () => {
  const text = `Session: 5
    Connection: 0
        Initiator: iqn.n:a
        IP Address: 127.0.0.1
Session: 18446744073709551615
    Connection: 2
`
  expect(parseConnections(text)).toEqual([
    { session: 5n, connection: 0 },
    { session: 2n ** 64n - 1n, connection: 2 },
  ])
  expect(parseConnections('')).toEqual([])
})

test('accounts are read', () => {
  expect(parseAccounts('Account list:\n    one\n    two\n')).toEqual(['one', 'two'])
  expect(parseAccounts('')).toEqual([])
})
