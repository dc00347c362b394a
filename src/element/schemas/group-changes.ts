import { Type } from 'typebox'
import type { GroupChanges, PolicyChoice, PolicyId } from '../../volumegroups/index.ts'
import { describe } from './calls.ts'
import { policyId } from './policies.ts'
import { groupId, VolumeGroupSchema } from './volume-groups.ts'
import { decodesTo, newName, request, texts } from './wire.ts'

interface WireChoice {
  readonly id?: PolicyId
  readonly name?: string
  readonly none?: true
  readonly inherited?: true
}

/** On the wire, a choice has one of four fields. */
const ChoiceSchema = Type.Codec(
  request(
    {
      id: Type.Optional(policyId()),
      name: Type.Optional(
        newName(undefined, { description: "The nearest one: the project's, or above it." }),
      ),
      none: Type.Optional(Type.Literal(true, { description: 'None, whatever is set above.' })),
      inherited: Type.Optional(Type.Literal(true, { description: 'What is set above.' })),
    },
    { title: 'PolicyChoice', minProperties: 1, maxProperties: 1 },
  ),
)
  .Decode((value): PolicyChoice => {
    const { id, name, none } = value as WireChoice
    if (id !== undefined) return { kind: 'policy', id }
    if (name !== undefined) return { kind: 'named', name }
    return { kind: none ? 'none' : 'inherited' }
  })
  .Encode((choice) => toWire(choice) as never)

function toWire(choice: PolicyChoice): WireChoice {
  if (choice.kind === 'policy') return { id: choice.id }
  return choice.kind === 'named' ? { name: choice.name } : { [choice.kind]: true }
}

export const GroupChangesSchema = decodesTo<GroupChanges>()(
  request(
    {
      snapshotPolicy: Type.Optional(ChoiceSchema),
      protectionPolicy: Type.Optional(ChoiceSchema),
      labels: Type.Optional(texts()),
    },
    { title: 'GroupChanges', description: 'All of them are made, or none. What is left out stays.' },
  ),
)

export const groupChangeCalls = {
  updateGroup: describe({
    method: 'PATCH',
    path: '/volume-groups/:groupId',
    summary: 'Sets policies and labels on a volume group: all that is asked for, or nothing.',
    params: Type.Object({ groupId: groupId() }),
    body: GroupChangesSchema,
    answer: VolumeGroupSchema,
  }),
}
