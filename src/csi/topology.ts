import type { ElementStatus } from '../volumegroups/index.ts'
import type { Topology } from './messages.ts'

/** Who can reach whom: a constraint. */
export const TOPOLOGY_SITE = 'csi.mooring.storage/site'
/** The element on the node's own host when the node registered: a preference, since guests move. */
export const TOPOLOGY_ELEMENT = 'csi.mooring.storage/element'

/** A volume is accessible from its whole site. */
export const siteTopology = (site: string): Topology => ({ segments: { [TOPOLOGY_SITE]: site } })

/** Where a node is. */
export const nodeTopology = (local: Pick<ElementStatus, 'site' | 'elementId'>): Topology => ({
  segments: { [TOPOLOGY_SITE]: local.site, [TOPOLOGY_ELEMENT]: local.elementId },
})

/**
 * Says whether a volume of this element can be reached from the topology. The site decides; a topology that names
 * only an element must name this one.
 */
export function reaches(topology: Topology, element: Pick<ElementStatus, 'site' | 'elementId'>): boolean {
  const segments = new Map(
    Object.entries(topology.segments).map(([key, value]) => [key.toLowerCase(), value]),
  )
  const site = segments.get(TOPOLOGY_SITE)
  return site === undefined ? segments.get(TOPOLOGY_ELEMENT) === element.elementId : site === element.site
}
