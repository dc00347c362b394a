/** What Mooring takes from the environment, and all of it. `CSI_` is the CSI specification's own prefix. */
export const environment = Object.freeze({
  csiEndpoint: process.env.CSI_ENDPOINT,
  nodeName: process.env.NODE_NAME,
})
