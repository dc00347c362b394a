import type { Project } from '../../volumegroups/index.ts'
import type { View } from '../output/view.ts'
import { answersOf } from '../output/wire.ts'

export const PROJECT: View<Project> = {
  plural: 'projects',
  toWire: answersOf('getProject', 'listProjects'),
  columns: [
    { title: 'path', cell: ({ path }) => path, isFlexible: true },
    { title: 'age', field: 'created', cell: ({ createdAt }, { time }) => time(createdAt), align: 'right' },
    { title: 'id', cell: ({ id }) => id },
    { title: 'generation', cell: ({ generation }) => String(generation), rank: 'detail' },
  ],
}
