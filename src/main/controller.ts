import { readControllerConfig } from '../config/config.ts'
import { createControllerServices } from '../controller/services.ts'
import { serveCsi } from '../csi/protocol.ts'
import { openEndpoints } from './endpoint.ts'
import { createLogger, type Running } from './lifecycle.ts'
import { VERSION } from './version.ts'

/** Starts a CSI controller: it keeps no state, so any number of replicas may run. */
export async function startController(configFile: string): Promise<Running> {
  const config = readControllerConfig(configFile)
  const log = createLogger('controller', config.logLevel)
  await using stack = new AsyncDisposableStack()
  const groups = stack.use(openEndpoints(config, { log }))
  const { attach, volumeHealth } = config
  const services = createControllerServices({ groups, attach, volumeHealth, version: VERSION })
  stack.use(await serveCsi({ endpoint: config.csiEndpoint, services, log }))
  const running = stack.move()
  return { log, [Symbol.asyncDispose]: () => running.disposeAsync() }
}
