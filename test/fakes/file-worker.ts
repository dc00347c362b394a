import { processChannel } from '../../src/initiators/userspace/worker/process-channel.ts'
import { runWorker } from '../../src/initiators/userspace/worker/worker.ts'
import { openFileDevice } from './file-block-device.ts'

/** A worker whose disks are files: a volume's target name is the path. */

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {})
runWorker(processChannel(), (volume) => openFileDevice(volume.targetName, volume.readOnly))
