import { Host } from '../../../src/initiators/open-iscsi/host-access.ts'
import { Kernel } from '../../../src/initiators/open-iscsi/kernel.ts'
import { preflight } from '../../../src/initiators/open-iscsi/preflight.ts'
import { NODE_NAME } from './wire.ts'

/** Prints what the preflight finds where this runs. */
const host = new Host({ kind: 'direct' })
process.stdout.write(
  JSON.stringify(await preflight({ host, kernel: new Kernel(), initiatorName: NODE_NAME })),
)
