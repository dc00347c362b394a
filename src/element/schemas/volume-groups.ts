import { Type } from 'typebox'
import type { GroupSpec, VolumeGroup, VolumeGroupId } from '../../volumegroups/index.ts'
import { describe } from './calls.ts'
import { createProject, project } from './projects.ts'
import { decodesTo, id, listQuery, newName, pageOf, request, time } from './wire.ts'

export const groupId = () => id<VolumeGroupId>('vg', 'a volume group')

export const VolumeGroupSchema = decodesTo<VolumeGroup>()(
  Type.Object(
    {
      id: groupId(),
      name: Type.String(),
      project: Type.String(),
      implicit: Type.Boolean(),
      generation: Type.Integer(),
      epoch: Type.Integer(),
      labels: Type.Record(Type.String(), Type.String()),
      dataMissingSince: Type.Optional(time()),
      createdAt: time(),
    },
    { title: 'VolumeGroup' },
  ),
)

export const VolumeGroupRequest = decodesTo<GroupSpec>()(
  request(
    { name: newName(), project: project(), createProject: createProject() },
    { title: 'VolumeGroupRequest' },
  ),
)

const params = Type.Object({ groupId: groupId() })

export const volumeGroupCalls = {
  createGroup: describe({
    method: 'POST',
    path: '/volume-groups',
    summary: 'Makes a volume group, or gives the one of this project and name.',
    body: VolumeGroupRequest,
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
  moveGroup: describe({
    method: 'POST',
    path: '/volume-groups/:groupId/move',
    summary: 'Moves a volume group, with all that it holds, to another project.',
    params,
    body: request({ project: project() }, { title: 'VolumeGroupMove' }),
    answer: VolumeGroupSchema,
  }),
}
