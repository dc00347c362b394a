import { ROOT_PROJECT_ID } from '../../ids.ts'
import type { Manifest } from '../../manifest.ts'
import type { AdoptedGroup } from './types.ts'

/** The group as its manifest says it. */
export function adoptedGroup({ group, projects }: Manifest): AdoptedGroup {
  const { project: _, ...rest } = group
  return { ...rest, projectId: projects.at(-1)?.id ?? ROOT_PROJECT_ID }
}
