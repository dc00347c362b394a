import type { ScheduleState } from '../../volumegroups/index.ts'
import type { View } from '../output/view.ts'
import { answersOf } from '../output/wire.ts'

export const SCHEDULE: View<ScheduleState> = {
  plural: 'schedules',
  toWire: answersOf('getSchedule', 'listSchedules'),
  columns: [
    { title: 'vg', cell: ({ groupId }) => groupId },
    { title: 'due', cell: ({ dueAt }) => dueAt?.toISOString() ?? '' },
    {
      title: 'missed',
      field: 'missed since',
      cell: ({ missed }, { time }) => (missed ? time(missed.since) : ''),
      align: 'right',
    },
    { title: 'why', cell: ({ missed }) => missed?.reason ?? '' },
    {
      title: 'last point',
      cell: ({ lastPointAt }, { time }) => (lastPointAt ? time(lastPointAt) : ''),
      align: 'right',
      rank: 'spare',
    },
    { title: 'message', cell: ({ missed }) => missed?.message ?? '', rank: 'detail' },
    { title: 'policy', cell: ({ policyId }) => policyId ?? '', rank: 'detail' },
  ],
}
