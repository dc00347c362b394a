import { Type } from 'typebox'
import { MAX_NAME_BYTES, type VolumeGroup, type VolumeGroupId } from '../../volumegroups/index.ts'
import { describe } from './calls.ts'
import { decodesTo, id, listQuery, newName, pageOf, request, time } from './wire.ts'

export const groupId = () => id<VolumeGroupId>('vg', 'a volume group')

export const project = () =>
  Type.String({
    pattern: '^/([A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*)?$',
    maxLength: MAX_NAME_BYTES,
    description: "A project's path, such as / or /team-a/db.",
  })

export const VolumeGroupSchema = decodesTo<VolumeGroup>()(
  Type.Object(
    {
      id: groupId(),
      name: Type.String(),
      project: Type.String(),
      implicit: Type.Boolean(),
      generation: Type.Integer(),
      epoch: Type.Integer(),
      createdAt: time(),
    },
    { title: 'VolumeGroup' },
  ),
)

const params = Type.Object({ groupId: groupId() })

export const volumeGroupCalls = {
  createGroup: describe({
    method: 'POST',
    path: '/volume-groups',
    summary: 'Makes a volume group, or gives the one of this project and name.',
    body: request({ name: newName(), project: project() }, { title: 'VolumeGroupRequest' }),
    answer: VolumeGroupSchema,
  }),
  getGroup: describe({
    method: 'GET',
    path: '/volume-groups/:groupId',
    summary: 'Gives one volume group.',
    params,
    answer: VolumeGroupSchema,
  }),
  listGroups: describe({
    method: 'GET',
    path: '/volume-groups',
    summary: 'Lists volume groups.',
    query: listQuery({ name: Type.Optional(Type.String()) }),
    answer: pageOf(VolumeGroupSchema, 'VolumeGroup'),
  }),
  deleteGroup: describe({
    method: 'DELETE',
    path: '/volume-groups/:groupId',
    summary: 'Deletes an empty volume group. No error when it is gone.',
    params,
  }),
}
