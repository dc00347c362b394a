import { writeFile } from 'node:fs/promises'
import { flushCompileCache } from 'node:module'
import { openIscsiDevice } from '../initiators/userspace/worker/iscsi-device.ts'
import { processChannel } from '../initiators/userspace/worker/process-channel.ts'
import { runWorker } from '../initiators/userspace/worker/worker.ts'

/** A worker of the userspace initiator: serves volumes over iSCSI. Started, told and ended by the keeper alone. */

// A signal to the whole service must not take disks away from under their file systems.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {})
await writeFile('/proc/self/oom_score_adj', '-1000').catch(() => {})
runWorker(processChannel(), openIscsiDevice)
flushCompileCache() // for the next worker: this one will not end by itself
