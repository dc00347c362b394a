import { Type } from 'typebox'
import type { ScheduleState } from '../../volumegroups/index.ts'
import { describe } from './calls.ts'
import { diskId } from './disks.ts'
import {
  AssignmentSchema,
  EffectiveSchema,
  PolicyRequest,
  PolicySchema,
  policyId,
  policyKind,
  SettingQuery,
  SettingRequest,
  SettingsRequest,
} from './policies.ts'
import { project } from './projects.ts'
import { groupId } from './volume-groups.ts'
import { decodesTo, listQuery, pageOf, time } from './wire.ts'

const path = '/policies/:policyId'
const params = Type.Object({ policyId: policyId() })

const ScheduleStateSchema = decodesTo<ScheduleState>()(
  Type.Object(
    {
      groupId: groupId(),
      policyId: Type.Optional(policyId()),
      dueAt: Type.Optional(time()),
      lastPointAt: Type.Optional(time()),
      missed: Type.Optional(Type.Object({ since: time(), reason: Type.String(), message: Type.String() })),
    },
    { title: 'ScheduleState' },
  ),
)

export const policyCalls = {
  createPolicy: describe({
    method: 'POST',
    path: '/policies',
    summary: 'Makes a snapshot or protection policy, or gives the one of this project and name.',
    body: PolicyRequest,
    answer: PolicySchema,
  }),
  getPolicy: describe({
    method: 'GET',
    path,
    summary: 'Gives one policy.',
    params,
    answer: PolicySchema,
  }),
  listPolicies: describe({
    method: 'GET',
    path: '/policies',
    summary: 'Lists policies.',
    query: listQuery({ project: Type.Optional(project()), kind: Type.Optional(policyKind()) }),
    answer: pageOf(PolicySchema, 'Policy'),
  }),
  updatePolicy: describe({
    method: 'PUT',
    path,
    summary: 'Changes a policy wherever it is set.',
    params,
    body: SettingsRequest,
    answer: PolicySchema,
  }),
  deletePolicy: describe({
    method: 'DELETE',
    path,
    summary: 'Deletes a policy that is set on nothing. No error when it is gone.',
    params,
  }),
  assignPolicy: describe({
    method: 'PUT',
    path: '/policy-assignments',
    summary: 'Sets a policy, or none, on a project or a volume group.',
    body: SettingRequest,
    answer: AssignmentSchema,
  }),
  unassignPolicy: describe({
    method: 'DELETE',
    path: '/policy-assignments',
    summary: 'Takes a setting away, so that what is set above applies again.',
    query: SettingQuery,
  }),
  listPolicyAssignments: describe({
    method: 'GET',
    path: '/policy-assignments',
    summary: 'Lists where policies are set.',
    query: listQuery({ policyId: Type.Optional(policyId()) }),
    answer: pageOf(AssignmentSchema, 'PolicyAssignment'),
  }),
  groupPolicies: describe({
    method: 'GET',
    path: '/volume-groups/:groupId/effective-policies',
    summary: 'Says which policies apply to a volume group, and where each is set.',
    params: Type.Object({ groupId: groupId() }),
    answer: EffectiveSchema,
  }),
  getSchedule: describe({
    method: 'GET',
    path: '/volume-groups/:groupId/schedule',
    summary: 'Says when the next recovery point of a volume group is due, and whether one was missed.',
    params: Type.Object({ groupId: groupId() }),
    answer: ScheduleStateSchema,
  }),
  listSchedules: describe({
    method: 'GET',
    path: '/schedules',
    summary:
      'Lists the schedules of volume groups, what is due first: all, or those of which a point was missed.',
    query: listQuery({ state: Type.Optional(Type.Enum(['kept', 'missed'])) }),
    answer: pageOf(ScheduleStateSchema, 'ScheduleState'),
  }),
  diskPolicies: describe({
    method: 'GET',
    path: '/disks/:diskId/effective-policies',
    summary: 'Says which policies apply to a disk, and where each is set.',
    params: Type.Object({ diskId: diskId() }),
    answer: EffectiveSchema,
  }),
}
