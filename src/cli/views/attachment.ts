import type { Attachment } from '../../volumegroups/index.ts'
import type { View } from '../output/view.ts'
import { answersOf } from '../output/wire.ts'

export const ATTACHMENT: View<Attachment> = {
  plural: 'attachments',
  toWire: answersOf('grant', 'listAttachments'),
  columns: [
    { title: 'disk', cell: ({ diskId }) => diskId },
    { title: 'initiator', cell: ({ initiatorId }) => initiatorId },
    { title: 'rights', cell: rightsOf },
    { title: 'age', field: 'granted', cell: ({ grantedAt }, { time }) => time(grantedAt), align: 'right' },
    { title: 'lun', cell: ({ lun }) => String(lun), align: 'right', rank: 'spare' },
    { title: 'target', cell: ({ targetName }) => targetName, rank: 'detail' },
  ],
}

function rightsOf({ readOnly, shared }: Attachment): string {
  return [readOnly ? 'read' : 'write', ...(shared ? ['shared'] : [])].join(', ')
}
