import type { Finding } from '../../volumegroups/index.ts'
import type { RowView } from '../output/view.ts'

export const FINDING: RowView<Finding> = {
  plural: 'findings',
  columns: [
    { title: 'finding', cell: ({ kind }) => kind },
    { title: 'about', cell: ({ entities }) => entities[0] ?? '' },
    { title: 'sweep', cell: ({ action }) => action },
    { title: 'found', cell: ({ found }) => found },
    { title: 'wanted', cell: ({ wanted }) => wanted, isFlexible: true },
  ],
}
