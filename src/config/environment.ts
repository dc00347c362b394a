import { homedir } from 'node:os'
import { join } from 'node:path'

/** What Mooring takes from the environment, and all of it. `CSI_` is the CSI specification's own prefix. */
export const environment = Object.freeze({
  csiEndpoint: process.env.CSI_ENDPOINT,
  nodeName: process.env.NODE_NAME,
  cli: Object.freeze({
    configFile: process.env.MOORING_CONFIG,
    configHome: process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config'),
    socket: process.env.MOORING_SOCKET,
    url: process.env.MOORING_URL,
    tokenFile: process.env.MOORING_TOKEN_FILE,
    caFile: process.env.MOORING_CA_FILE,
  }),
})
