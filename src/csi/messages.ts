// biome-ignore-all format: as the generator writes it
/** Made from proto/csi.proto by scripts/generate-messages.ts: change those, not this. */
import type { Schema } from '../rpc/schema.ts'

export type PluginCapabilityServiceType =
  | 'UNKNOWN'
  | 'CONTROLLER_SERVICE'
  | 'VOLUME_ACCESSIBILITY_CONSTRAINTS'
  | 'GROUP_CONTROLLER_SERVICE'
  | 'SNAPSHOT_METADATA_SERVICE'
  | 'SNAPSHOT_ACCESSIBILITY_CONSTRAINTS'

export type PluginCapabilityVolumeExpansionType =
  | 'UNKNOWN'
  | 'ONLINE'
  | 'OFFLINE'

export type VolumeCapabilityAccessModeMode =
  | 'UNKNOWN'
  | 'SINGLE_NODE_WRITER'
  | 'SINGLE_NODE_READER_ONLY'
  | 'MULTI_NODE_READER_ONLY'
  | 'MULTI_NODE_SINGLE_WRITER'
  | 'MULTI_NODE_MULTI_WRITER'
  | 'SINGLE_NODE_SINGLE_WRITER'
  | 'SINGLE_NODE_MULTI_WRITER'

export type VolumeHealthErrorType =
  | 'UNKNOWN_VOLUME_HEALTH_TYPE'
  | 'DEGRADED'
  | 'INACCESSIBLE'
  | 'DATA_LOSS'

export type ControllerServiceCapabilityRPCType =
  | 'UNKNOWN'
  | 'CREATE_DELETE_VOLUME'
  | 'PUBLISH_UNPUBLISH_VOLUME'
  | 'LIST_VOLUMES'
  | 'GET_CAPACITY'
  | 'CREATE_DELETE_SNAPSHOT'
  | 'LIST_SNAPSHOTS'
  | 'CLONE_VOLUME'
  | 'PUBLISH_READONLY'
  | 'EXPAND_VOLUME'
  | 'LIST_VOLUMES_PUBLISHED_NODES'
  | 'GET_VOLUME'
  | 'SINGLE_NODE_MULTI_WRITER'
  | 'MODIFY_VOLUME'
  | 'GET_SNAPSHOT'
  | 'GET_VOLUME_HEALTH'
  | 'LIST_VOLUME_HEALTH'

export type VolumeUsageUnit =
  | 'UNKNOWN'
  | 'BYTES'
  | 'INODES'

export type StorageHealthErrorType =
  | 'UNKNOWN_STORAGE_HEALTH_ERROR_TYPE'
  | 'STORAGE_DEGRADED'
  | 'STORAGE_UNREACHABLE'

export type NodeServiceCapabilityRPCType =
  | 'UNKNOWN'
  | 'STAGE_UNSTAGE_VOLUME'
  | 'GET_VOLUME_STATS'
  | 'EXPAND_VOLUME'
  | 'SINGLE_NODE_MULTI_WRITER'
  | 'VOLUME_MOUNT_GROUP'
  | 'GET_VOLUME_HEALTH'
  | 'GET_STORAGE_HEALTH'

export type GroupControllerServiceCapabilityRPCType =
  | 'UNKNOWN'
  | 'CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT'

export type BlockMetadataType =
  | 'UNKNOWN'
  | 'FIXED_LENGTH'
  | 'VARIABLE_LENGTH'

export type GetPluginInfoRequest = Readonly<Record<string, never>>

export interface GetPluginInfoResponse {
  readonly name: string
  readonly vendorVersion: string
  readonly manifest: Readonly<Record<string, string>>
}

export type GetPluginCapabilitiesRequest = Readonly<Record<string, never>>

export interface GetPluginCapabilitiesResponse {
  readonly capabilities: readonly PluginCapability[]
}

export interface PluginCapabilityService {
  readonly type: PluginCapabilityServiceType
}

export interface PluginCapabilityVolumeExpansion {
  readonly type: PluginCapabilityVolumeExpansionType
}

export interface PluginCapability {
  readonly service?: PluginCapabilityService | undefined
  readonly volumeExpansion?: PluginCapabilityVolumeExpansion | undefined
  readonly type?: 'service' | 'volumeExpansion' | undefined
}

export type ProbeRequest = Readonly<Record<string, never>>

export interface ProbeResponse {
  readonly ready: BoolValue | null
}

export interface CreateVolumeRequest {
  readonly name: string
  readonly capacityRange: CapacityRange | null
  readonly volumeCapabilities: readonly VolumeCapability[]
  readonly parameters: Readonly<Record<string, string>>
  readonly secrets: Readonly<Record<string, string>>
  readonly volumeContentSource: VolumeContentSource | null
  readonly accessibilityRequirements: TopologyRequirement | null
  readonly mutableParameters: Readonly<Record<string, string>>
}

export interface VolumeContentSourceSnapshotSource {
  readonly snapshotId: string
}

export interface VolumeContentSourceVolumeSource {
  readonly volumeId: string
}

export interface VolumeContentSource {
  readonly snapshot?: VolumeContentSourceSnapshotSource | undefined
  readonly volume?: VolumeContentSourceVolumeSource | undefined
  readonly type?: 'snapshot' | 'volume' | undefined
}

export interface CreateVolumeResponse {
  readonly volume: Volume | null
}

export type VolumeCapabilityBlockVolume = Readonly<Record<string, never>>

export interface VolumeCapabilityMountVolume {
  readonly fsType: string
  readonly mountFlags: readonly string[]
  readonly volumeMountGroup: string
}

export interface VolumeCapabilityAccessMode {
  readonly mode: VolumeCapabilityAccessModeMode
}

export interface VolumeCapability {
  readonly block?: VolumeCapabilityBlockVolume | undefined
  readonly mount?: VolumeCapabilityMountVolume | undefined
  readonly accessMode: VolumeCapabilityAccessMode | null
  readonly accessType?: 'block' | 'mount' | undefined
}

export interface CapacityRange {
  readonly requiredBytes: string
  readonly limitBytes: string
}

export interface Volume {
  readonly capacityBytes: string
  readonly volumeId: string
  readonly volumeContext: Readonly<Record<string, string>>
  readonly contentSource: VolumeContentSource | null
  readonly accessibleTopology: readonly Topology[]
}

export interface TopologyRequirement {
  readonly requisite: readonly Topology[]
  readonly preferred: readonly Topology[]
}

export interface Topology {
  readonly segments: Readonly<Record<string, string>>
}

export interface DeleteVolumeRequest {
  readonly volumeId: string
  readonly secrets: Readonly<Record<string, string>>
}

export type DeleteVolumeResponse = Readonly<Record<string, never>>

export interface ControllerPublishVolumeRequest {
  readonly volumeId: string
  readonly nodeId: string
  readonly volumeCapability: VolumeCapability | null
  readonly readonly: boolean
  readonly secrets: Readonly<Record<string, string>>
  readonly volumeContext: Readonly<Record<string, string>>
}

export interface ControllerPublishVolumeResponse {
  readonly publishContext: Readonly<Record<string, string>>
}

export interface ControllerUnpublishVolumeRequest {
  readonly volumeId: string
  readonly nodeId: string
  readonly secrets: Readonly<Record<string, string>>
}

export type ControllerUnpublishVolumeResponse = Readonly<Record<string, never>>

export interface ValidateVolumeCapabilitiesRequest {
  readonly volumeId: string
  readonly volumeContext: Readonly<Record<string, string>>
  readonly volumeCapabilities: readonly VolumeCapability[]
  readonly parameters: Readonly<Record<string, string>>
  readonly secrets: Readonly<Record<string, string>>
  readonly mutableParameters: Readonly<Record<string, string>>
}

export interface ValidateVolumeCapabilitiesResponseConfirmed {
  readonly volumeContext: Readonly<Record<string, string>>
  readonly volumeCapabilities: readonly VolumeCapability[]
  readonly parameters: Readonly<Record<string, string>>
  readonly mutableParameters: Readonly<Record<string, string>>
}

export interface ValidateVolumeCapabilitiesResponse {
  readonly confirmed: ValidateVolumeCapabilitiesResponseConfirmed | null
  readonly message: string
}

export interface ListVolumesRequest {
  readonly maxEntries: number
  readonly startingToken: string
}

export interface ListVolumesResponseVolumeStatus {
  readonly publishedNodeIds: readonly string[]
}

export interface ListVolumesResponseEntry {
  readonly volume: Volume | null
  readonly status: ListVolumesResponseVolumeStatus | null
}

export interface ListVolumesResponse {
  readonly entries: readonly ListVolumesResponseEntry[]
  readonly nextToken: string
}

export interface ControllerListVolumeHealthRequest {
  readonly maxEntries: number
  readonly startingToken: string
  readonly secrets: Readonly<Record<string, string>>
}

export interface ControllerListVolumeHealthResponse {
  readonly entries: readonly VolumeHealth[]
  readonly nextToken: string
}

export interface VolumeHealthVolumeHealthEntry {
  readonly status: VolumeHealthErrorType
  readonly reason: string
  readonly message: string
}

export interface VolumeHealth {
  readonly volumeId: string
  readonly healthStatuses: readonly VolumeHealthVolumeHealthEntry[]
}

export interface ControllerGetVolumeHealthRequest {
  readonly volumeId: string
  readonly secrets: Readonly<Record<string, string>>
}

export interface ControllerGetVolumeHealthResponse {
  readonly volumeHealth: VolumeHealth | null
}

export interface ControllerGetVolumeRequest {
  readonly volumeId: string
}

export interface ControllerGetVolumeResponseVolumeStatus {
  readonly publishedNodeIds: readonly string[]
}

export interface ControllerGetVolumeResponse {
  readonly volume: Volume | null
  readonly status: ControllerGetVolumeResponseVolumeStatus | null
}

export interface ControllerModifyVolumeRequest {
  readonly volumeId: string
  readonly secrets: Readonly<Record<string, string>>
  readonly mutableParameters: Readonly<Record<string, string>>
}

export type ControllerModifyVolumeResponse = Readonly<Record<string, never>>

export interface GetCapacityRequest {
  readonly volumeCapabilities: readonly VolumeCapability[]
  readonly parameters: Readonly<Record<string, string>>
  readonly accessibleTopology: Topology | null
}

export interface GetCapacityResponse {
  readonly availableCapacity: string
  readonly maximumVolumeSize: Int64Value | null
  readonly minimumVolumeSize: Int64Value | null
}

export type ControllerGetCapabilitiesRequest = Readonly<Record<string, never>>

export interface ControllerGetCapabilitiesResponse {
  readonly capabilities: readonly ControllerServiceCapability[]
}

export interface ControllerServiceCapabilityRPC {
  readonly type: ControllerServiceCapabilityRPCType
}

export interface ControllerServiceCapability {
  readonly rpc?: ControllerServiceCapabilityRPC | undefined
  readonly type?: 'rpc' | undefined
}

export interface CreateSnapshotRequest {
  readonly sourceVolumeId: string
  readonly name: string
  readonly secrets: Readonly<Record<string, string>>
  readonly parameters: Readonly<Record<string, string>>
  readonly accessibilityRequirements: TopologyRequirement | null
}

export interface CreateSnapshotResponse {
  readonly snapshot: Snapshot | null
}

export interface Snapshot {
  readonly sizeBytes: string
  readonly snapshotId: string
  readonly sourceVolumeId: string
  readonly creationTime: Timestamp | null
  readonly readyToUse: boolean
  readonly groupSnapshotId: string
  readonly accessibleTopology: readonly Topology[]
}

export interface DeleteSnapshotRequest {
  readonly snapshotId: string
  readonly secrets: Readonly<Record<string, string>>
}

export type DeleteSnapshotResponse = Readonly<Record<string, never>>

export interface ListSnapshotsRequest {
  readonly maxEntries: number
  readonly startingToken: string
  readonly sourceVolumeId: string
  readonly snapshotId: string
  readonly secrets: Readonly<Record<string, string>>
}

export interface ListSnapshotsResponseEntry {
  readonly snapshot: Snapshot | null
}

export interface ListSnapshotsResponse {
  readonly entries: readonly ListSnapshotsResponseEntry[]
  readonly nextToken: string
}

export interface GetSnapshotRequest {
  readonly snapshotId: string
  readonly secrets: Readonly<Record<string, string>>
}

export interface GetSnapshotResponse {
  readonly snapshot: Snapshot | null
}

export interface ControllerExpandVolumeRequest {
  readonly volumeId: string
  readonly capacityRange: CapacityRange | null
  readonly secrets: Readonly<Record<string, string>>
  readonly volumeCapability: VolumeCapability | null
}

export interface ControllerExpandVolumeResponse {
  readonly capacityBytes: string
  readonly nodeExpansionRequired: boolean
}

export interface NodeStageVolumeRequest {
  readonly volumeId: string
  readonly publishContext: Readonly<Record<string, string>>
  readonly stagingTargetPath: string
  readonly volumeCapability: VolumeCapability | null
  readonly secrets: Readonly<Record<string, string>>
  readonly volumeContext: Readonly<Record<string, string>>
}

export type NodeStageVolumeResponse = Readonly<Record<string, never>>

export interface NodeUnstageVolumeRequest {
  readonly volumeId: string
  readonly stagingTargetPath: string
}

export type NodeUnstageVolumeResponse = Readonly<Record<string, never>>

export interface NodePublishVolumeRequest {
  readonly volumeId: string
  readonly publishContext: Readonly<Record<string, string>>
  readonly stagingTargetPath: string
  readonly targetPath: string
  readonly volumeCapability: VolumeCapability | null
  readonly readonly: boolean
  readonly secrets: Readonly<Record<string, string>>
  readonly volumeContext: Readonly<Record<string, string>>
}

export type NodePublishVolumeResponse = Readonly<Record<string, never>>

export interface NodeUnpublishVolumeRequest {
  readonly volumeId: string
  readonly targetPath: string
}

export type NodeUnpublishVolumeResponse = Readonly<Record<string, never>>

export interface NodeGetVolumeStatsRequest {
  readonly volumeId: string
  readonly volumePath: string
  readonly stagingTargetPath: string
}

export interface NodeGetVolumeStatsResponse {
  readonly usage: readonly VolumeUsage[]
}

export interface VolumeUsage {
  readonly available: string
  readonly total: string
  readonly used: string
  readonly unit: VolumeUsageUnit
}

export interface NodeGetVolumeHealthRequest {
  readonly volumeId: string
  readonly volumePublishPath: string
  readonly stagingTargetPath: string
}

export interface NodeGetVolumeHealthResponse {
  readonly volumeHealth: VolumeHealth | null
}

export interface NodeGetStorageHealthRequest {
  readonly secrets: Readonly<Record<string, string>>
}

export interface NodeGetStorageHealthResponseStorageBackendHealth {
  readonly status: StorageHealthErrorType
  readonly reason: string
  readonly message: string
  readonly volumeCapability: VolumeCapability | null
}

export interface NodeGetStorageHealthResponse {
  readonly backendHealth: readonly NodeGetStorageHealthResponseStorageBackendHealth[]
}

export type NodeGetCapabilitiesRequest = Readonly<Record<string, never>>

export interface NodeGetCapabilitiesResponse {
  readonly capabilities: readonly NodeServiceCapability[]
}

export interface NodeServiceCapabilityRPC {
  readonly type: NodeServiceCapabilityRPCType
}

export interface NodeServiceCapability {
  readonly rpc?: NodeServiceCapabilityRPC | undefined
  readonly type?: 'rpc' | undefined
}

export type NodeGetInfoRequest = Readonly<Record<string, never>>

export interface NodeGetInfoResponse {
  readonly nodeId: string
  readonly maxVolumesPerNode: string
  readonly accessibleTopology: Topology | null
}

export interface NodeExpandVolumeRequest {
  readonly volumeId: string
  readonly volumePath: string
  readonly capacityRange: CapacityRange | null
  readonly stagingTargetPath: string
  readonly volumeCapability: VolumeCapability | null
  readonly secrets: Readonly<Record<string, string>>
}

export interface NodeExpandVolumeResponse {
  readonly capacityBytes: string
}

export type GroupControllerGetCapabilitiesRequest = Readonly<Record<string, never>>

export interface GroupControllerGetCapabilitiesResponse {
  readonly capabilities: readonly GroupControllerServiceCapability[]
}

export interface GroupControllerServiceCapabilityRPC {
  readonly type: GroupControllerServiceCapabilityRPCType
}

export interface GroupControllerServiceCapability {
  readonly rpc?: GroupControllerServiceCapabilityRPC | undefined
  readonly type?: 'rpc' | undefined
}

export interface CreateVolumeGroupSnapshotRequest {
  readonly name: string
  readonly sourceVolumeIds: readonly string[]
  readonly secrets: Readonly<Record<string, string>>
  readonly parameters: Readonly<Record<string, string>>
}

export interface CreateVolumeGroupSnapshotResponse {
  readonly groupSnapshot: VolumeGroupSnapshot | null
}

export interface VolumeGroupSnapshot {
  readonly groupSnapshotId: string
  readonly snapshots: readonly Snapshot[]
  readonly creationTime: Timestamp | null
  readonly readyToUse: boolean
}

export interface DeleteVolumeGroupSnapshotRequest {
  readonly groupSnapshotId: string
  readonly snapshotIds: readonly string[]
  readonly secrets: Readonly<Record<string, string>>
}

export type DeleteVolumeGroupSnapshotResponse = Readonly<Record<string, never>>

export interface GetVolumeGroupSnapshotRequest {
  readonly groupSnapshotId: string
  readonly snapshotIds: readonly string[]
  readonly secrets: Readonly<Record<string, string>>
}

export interface GetVolumeGroupSnapshotResponse {
  readonly groupSnapshot: VolumeGroupSnapshot | null
}

export interface BlockMetadata {
  readonly byteOffset: string
  readonly sizeBytes: string
}

export interface GetMetadataAllocatedRequest {
  readonly snapshotId: string
  readonly startingOffset: string
  readonly maxResults: number
  readonly secrets: Readonly<Record<string, string>>
}

export interface GetMetadataAllocatedResponse {
  readonly blockMetadataType: BlockMetadataType
  readonly volumeCapacityBytes: string
  readonly blockMetadata: readonly BlockMetadata[]
}

export interface GetMetadataDeltaRequest {
  readonly baseSnapshotId: string
  readonly targetSnapshotId: string
  readonly startingOffset: string
  readonly maxResults: number
  readonly secrets: Readonly<Record<string, string>>
}

export interface GetMetadataDeltaResponse {
  readonly blockMetadataType: BlockMetadataType
  readonly volumeCapacityBytes: string
  readonly blockMetadata: readonly BlockMetadata[]
}

export interface Timestamp {
  readonly seconds: string
  readonly nanos: number
}

export interface BoolValue {
  readonly value: boolean
}

export interface Int64Value {
  readonly value: string
}

export type IdentityMethods = {
  readonly getPluginInfo: { request: GetPluginInfoRequest; response: GetPluginInfoResponse }
  readonly getPluginCapabilities: { request: GetPluginCapabilitiesRequest; response: GetPluginCapabilitiesResponse }
  readonly probe: { request: ProbeRequest; response: ProbeResponse }
}

export type ControllerMethods = {
  readonly createVolume: { request: CreateVolumeRequest; response: CreateVolumeResponse }
  readonly deleteVolume: { request: DeleteVolumeRequest; response: DeleteVolumeResponse }
  readonly controllerPublishVolume: { request: ControllerPublishVolumeRequest; response: ControllerPublishVolumeResponse }
  readonly controllerUnpublishVolume: { request: ControllerUnpublishVolumeRequest; response: ControllerUnpublishVolumeResponse }
  readonly validateVolumeCapabilities: { request: ValidateVolumeCapabilitiesRequest; response: ValidateVolumeCapabilitiesResponse }
  readonly listVolumes: { request: ListVolumesRequest; response: ListVolumesResponse }
  readonly getCapacity: { request: GetCapacityRequest; response: GetCapacityResponse }
  readonly controllerGetCapabilities: { request: ControllerGetCapabilitiesRequest; response: ControllerGetCapabilitiesResponse }
  readonly createSnapshot: { request: CreateSnapshotRequest; response: CreateSnapshotResponse }
  readonly deleteSnapshot: { request: DeleteSnapshotRequest; response: DeleteSnapshotResponse }
  readonly listSnapshots: { request: ListSnapshotsRequest; response: ListSnapshotsResponse }
  readonly getSnapshot: { request: GetSnapshotRequest; response: GetSnapshotResponse }
  readonly controllerExpandVolume: { request: ControllerExpandVolumeRequest; response: ControllerExpandVolumeResponse }
  readonly controllerGetVolume: { request: ControllerGetVolumeRequest; response: ControllerGetVolumeResponse }
  readonly controllerModifyVolume: { request: ControllerModifyVolumeRequest; response: ControllerModifyVolumeResponse }
  readonly controllerListVolumeHealth: { request: ControllerListVolumeHealthRequest; response: ControllerListVolumeHealthResponse }
  readonly controllerGetVolumeHealth: { request: ControllerGetVolumeHealthRequest; response: ControllerGetVolumeHealthResponse }
}

export type GroupControllerMethods = {
  readonly groupControllerGetCapabilities: { request: GroupControllerGetCapabilitiesRequest; response: GroupControllerGetCapabilitiesResponse }
  readonly createVolumeGroupSnapshot: { request: CreateVolumeGroupSnapshotRequest; response: CreateVolumeGroupSnapshotResponse }
  readonly deleteVolumeGroupSnapshot: { request: DeleteVolumeGroupSnapshotRequest; response: DeleteVolumeGroupSnapshotResponse }
  readonly getVolumeGroupSnapshot: { request: GetVolumeGroupSnapshotRequest; response: GetVolumeGroupSnapshotResponse }
}

export type SnapshotMetadataMethods = {
  readonly getMetadataAllocated: { request: GetMetadataAllocatedRequest; response: GetMetadataAllocatedResponse }
  readonly getMetadataDelta: { request: GetMetadataDeltaRequest; response: GetMetadataDeltaResponse }
}

export type NodeMethods = {
  readonly nodeStageVolume: { request: NodeStageVolumeRequest; response: NodeStageVolumeResponse }
  readonly nodeUnstageVolume: { request: NodeUnstageVolumeRequest; response: NodeUnstageVolumeResponse }
  readonly nodePublishVolume: { request: NodePublishVolumeRequest; response: NodePublishVolumeResponse }
  readonly nodeUnpublishVolume: { request: NodeUnpublishVolumeRequest; response: NodeUnpublishVolumeResponse }
  readonly nodeGetVolumeStats: { request: NodeGetVolumeStatsRequest; response: NodeGetVolumeStatsResponse }
  readonly nodeExpandVolume: { request: NodeExpandVolumeRequest; response: NodeExpandVolumeResponse }
  readonly nodeGetCapabilities: { request: NodeGetCapabilitiesRequest; response: NodeGetCapabilitiesResponse }
  readonly nodeGetInfo: { request: NodeGetInfoRequest; response: NodeGetInfoResponse }
  readonly nodeGetVolumeHealth: { request: NodeGetVolumeHealthRequest; response: NodeGetVolumeHealthResponse }
  readonly nodeGetStorageHealth: { request: NodeGetStorageHealthRequest; response: NodeGetStorageHealthResponse }
}

export const SCHEMA: Schema = {
  GetPluginInfoRequest: {},
  GetPluginInfoResponse: {
    name: { kind: 'string' },
    vendorVersion: { kind: 'string' },
    manifest: { kind: 'map' },
  },
  GetPluginCapabilitiesRequest: {},
  GetPluginCapabilitiesResponse: {
    capabilities: { kind: 'message', type: 'PluginCapability', repeated: true },
  },
  PluginCapabilityService: {
    type: { kind: 'other' },
  },
  PluginCapabilityVolumeExpansion: {
    type: { kind: 'other' },
  },
  PluginCapability: {
    service: { kind: 'message', type: 'PluginCapabilityService' },
    volumeExpansion: { kind: 'message', type: 'PluginCapabilityVolumeExpansion' },
  },
  ProbeRequest: {},
  ProbeResponse: {
    ready: { kind: 'message', type: 'BoolValue' },
  },
  CreateVolumeRequest: {
    name: { kind: 'string' },
    capacityRange: { kind: 'message', type: 'CapacityRange' },
    volumeCapabilities: { kind: 'message', type: 'VolumeCapability', repeated: true },
    parameters: { kind: 'map' },
    secrets: { kind: 'map', secret: true },
    volumeContentSource: { kind: 'message', type: 'VolumeContentSource' },
    accessibilityRequirements: { kind: 'message', type: 'TopologyRequirement' },
    mutableParameters: { kind: 'map' },
  },
  VolumeContentSourceSnapshotSource: {
    snapshotId: { kind: 'string' },
  },
  VolumeContentSourceVolumeSource: {
    volumeId: { kind: 'string' },
  },
  VolumeContentSource: {
    snapshot: { kind: 'message', type: 'VolumeContentSourceSnapshotSource' },
    volume: { kind: 'message', type: 'VolumeContentSourceVolumeSource' },
  },
  CreateVolumeResponse: {
    volume: { kind: 'message', type: 'Volume' },
  },
  VolumeCapabilityBlockVolume: {},
  VolumeCapabilityMountVolume: {
    fsType: { kind: 'string' },
    mountFlags: { kind: 'string', repeated: true },
    volumeMountGroup: { kind: 'string' },
  },
  VolumeCapabilityAccessMode: {
    mode: { kind: 'other' },
  },
  VolumeCapability: {
    block: { kind: 'message', type: 'VolumeCapabilityBlockVolume' },
    mount: { kind: 'message', type: 'VolumeCapabilityMountVolume' },
    accessMode: { kind: 'message', type: 'VolumeCapabilityAccessMode' },
  },
  CapacityRange: {
    requiredBytes: { kind: 'other' },
    limitBytes: { kind: 'other' },
  },
  Volume: {
    capacityBytes: { kind: 'other' },
    volumeId: { kind: 'string' },
    volumeContext: { kind: 'map' },
    contentSource: { kind: 'message', type: 'VolumeContentSource' },
    accessibleTopology: { kind: 'message', type: 'Topology', repeated: true },
  },
  TopologyRequirement: {
    requisite: { kind: 'message', type: 'Topology', repeated: true },
    preferred: { kind: 'message', type: 'Topology', repeated: true },
  },
  Topology: {
    segments: { kind: 'map' },
  },
  DeleteVolumeRequest: {
    volumeId: { kind: 'string' },
    secrets: { kind: 'map', secret: true },
  },
  DeleteVolumeResponse: {},
  ControllerPublishVolumeRequest: {
    volumeId: { kind: 'string' },
    nodeId: { kind: 'string' },
    volumeCapability: { kind: 'message', type: 'VolumeCapability' },
    readonly: { kind: 'other' },
    secrets: { kind: 'map', secret: true },
    volumeContext: { kind: 'map' },
  },
  ControllerPublishVolumeResponse: {
    publishContext: { kind: 'map' },
  },
  ControllerUnpublishVolumeRequest: {
    volumeId: { kind: 'string' },
    nodeId: { kind: 'string' },
    secrets: { kind: 'map', secret: true },
  },
  ControllerUnpublishVolumeResponse: {},
  ValidateVolumeCapabilitiesRequest: {
    volumeId: { kind: 'string' },
    volumeContext: { kind: 'map' },
    volumeCapabilities: { kind: 'message', type: 'VolumeCapability', repeated: true },
    parameters: { kind: 'map' },
    secrets: { kind: 'map', secret: true },
    mutableParameters: { kind: 'map' },
  },
  ValidateVolumeCapabilitiesResponseConfirmed: {
    volumeContext: { kind: 'map' },
    volumeCapabilities: { kind: 'message', type: 'VolumeCapability', repeated: true },
    parameters: { kind: 'map' },
    mutableParameters: { kind: 'map' },
  },
  ValidateVolumeCapabilitiesResponse: {
    confirmed: { kind: 'message', type: 'ValidateVolumeCapabilitiesResponseConfirmed' },
    message: { kind: 'string' },
  },
  ListVolumesRequest: {
    maxEntries: { kind: 'other' },
    startingToken: { kind: 'string' },
  },
  ListVolumesResponseVolumeStatus: {
    publishedNodeIds: { kind: 'string', repeated: true },
  },
  ListVolumesResponseEntry: {
    volume: { kind: 'message', type: 'Volume' },
    status: { kind: 'message', type: 'ListVolumesResponseVolumeStatus' },
  },
  ListVolumesResponse: {
    entries: { kind: 'message', type: 'ListVolumesResponseEntry', repeated: true },
    nextToken: { kind: 'string' },
  },
  ControllerListVolumeHealthRequest: {
    maxEntries: { kind: 'other' },
    startingToken: { kind: 'string' },
    secrets: { kind: 'map', secret: true },
  },
  ControllerListVolumeHealthResponse: {
    entries: { kind: 'message', type: 'VolumeHealth', repeated: true },
    nextToken: { kind: 'string' },
  },
  VolumeHealthVolumeHealthEntry: {
    status: { kind: 'other' },
    reason: { kind: 'string' },
    message: { kind: 'string' },
  },
  VolumeHealth: {
    volumeId: { kind: 'string' },
    healthStatuses: { kind: 'message', type: 'VolumeHealthVolumeHealthEntry', repeated: true },
  },
  ControllerGetVolumeHealthRequest: {
    volumeId: { kind: 'string' },
    secrets: { kind: 'map', secret: true },
  },
  ControllerGetVolumeHealthResponse: {
    volumeHealth: { kind: 'message', type: 'VolumeHealth' },
  },
  ControllerGetVolumeRequest: {
    volumeId: { kind: 'string' },
  },
  ControllerGetVolumeResponseVolumeStatus: {
    publishedNodeIds: { kind: 'string', repeated: true },
  },
  ControllerGetVolumeResponse: {
    volume: { kind: 'message', type: 'Volume' },
    status: { kind: 'message', type: 'ControllerGetVolumeResponseVolumeStatus' },
  },
  ControllerModifyVolumeRequest: {
    volumeId: { kind: 'string' },
    secrets: { kind: 'map', secret: true },
    mutableParameters: { kind: 'map' },
  },
  ControllerModifyVolumeResponse: {},
  GetCapacityRequest: {
    volumeCapabilities: { kind: 'message', type: 'VolumeCapability', repeated: true },
    parameters: { kind: 'map' },
    accessibleTopology: { kind: 'message', type: 'Topology' },
  },
  GetCapacityResponse: {
    availableCapacity: { kind: 'other' },
    maximumVolumeSize: { kind: 'message', type: 'Int64Value' },
    minimumVolumeSize: { kind: 'message', type: 'Int64Value' },
  },
  ControllerGetCapabilitiesRequest: {},
  ControllerGetCapabilitiesResponse: {
    capabilities: { kind: 'message', type: 'ControllerServiceCapability', repeated: true },
  },
  ControllerServiceCapabilityRPC: {
    type: { kind: 'other' },
  },
  ControllerServiceCapability: {
    rpc: { kind: 'message', type: 'ControllerServiceCapabilityRPC' },
  },
  CreateSnapshotRequest: {
    sourceVolumeId: { kind: 'string' },
    name: { kind: 'string' },
    secrets: { kind: 'map', secret: true },
    parameters: { kind: 'map' },
    accessibilityRequirements: { kind: 'message', type: 'TopologyRequirement' },
  },
  CreateSnapshotResponse: {
    snapshot: { kind: 'message', type: 'Snapshot' },
  },
  Snapshot: {
    sizeBytes: { kind: 'other' },
    snapshotId: { kind: 'string' },
    sourceVolumeId: { kind: 'string' },
    creationTime: { kind: 'message', type: 'Timestamp' },
    readyToUse: { kind: 'other' },
    groupSnapshotId: { kind: 'string' },
    accessibleTopology: { kind: 'message', type: 'Topology', repeated: true },
  },
  DeleteSnapshotRequest: {
    snapshotId: { kind: 'string' },
    secrets: { kind: 'map', secret: true },
  },
  DeleteSnapshotResponse: {},
  ListSnapshotsRequest: {
    maxEntries: { kind: 'other' },
    startingToken: { kind: 'string' },
    sourceVolumeId: { kind: 'string' },
    snapshotId: { kind: 'string' },
    secrets: { kind: 'map', secret: true },
  },
  ListSnapshotsResponseEntry: {
    snapshot: { kind: 'message', type: 'Snapshot' },
  },
  ListSnapshotsResponse: {
    entries: { kind: 'message', type: 'ListSnapshotsResponseEntry', repeated: true },
    nextToken: { kind: 'string' },
  },
  GetSnapshotRequest: {
    snapshotId: { kind: 'string' },
    secrets: { kind: 'map', secret: true },
  },
  GetSnapshotResponse: {
    snapshot: { kind: 'message', type: 'Snapshot' },
  },
  ControllerExpandVolumeRequest: {
    volumeId: { kind: 'string' },
    capacityRange: { kind: 'message', type: 'CapacityRange' },
    secrets: { kind: 'map', secret: true },
    volumeCapability: { kind: 'message', type: 'VolumeCapability' },
  },
  ControllerExpandVolumeResponse: {
    capacityBytes: { kind: 'other' },
    nodeExpansionRequired: { kind: 'other' },
  },
  NodeStageVolumeRequest: {
    volumeId: { kind: 'string' },
    publishContext: { kind: 'map' },
    stagingTargetPath: { kind: 'string' },
    volumeCapability: { kind: 'message', type: 'VolumeCapability' },
    secrets: { kind: 'map', secret: true },
    volumeContext: { kind: 'map' },
  },
  NodeStageVolumeResponse: {},
  NodeUnstageVolumeRequest: {
    volumeId: { kind: 'string' },
    stagingTargetPath: { kind: 'string' },
  },
  NodeUnstageVolumeResponse: {},
  NodePublishVolumeRequest: {
    volumeId: { kind: 'string' },
    publishContext: { kind: 'map' },
    stagingTargetPath: { kind: 'string' },
    targetPath: { kind: 'string' },
    volumeCapability: { kind: 'message', type: 'VolumeCapability' },
    readonly: { kind: 'other' },
    secrets: { kind: 'map', secret: true },
    volumeContext: { kind: 'map' },
  },
  NodePublishVolumeResponse: {},
  NodeUnpublishVolumeRequest: {
    volumeId: { kind: 'string' },
    targetPath: { kind: 'string' },
  },
  NodeUnpublishVolumeResponse: {},
  NodeGetVolumeStatsRequest: {
    volumeId: { kind: 'string' },
    volumePath: { kind: 'string' },
    stagingTargetPath: { kind: 'string' },
  },
  NodeGetVolumeStatsResponse: {
    usage: { kind: 'message', type: 'VolumeUsage', repeated: true },
  },
  VolumeUsage: {
    available: { kind: 'other' },
    total: { kind: 'other' },
    used: { kind: 'other' },
    unit: { kind: 'other' },
  },
  NodeGetVolumeHealthRequest: {
    volumeId: { kind: 'string' },
    volumePublishPath: { kind: 'string' },
    stagingTargetPath: { kind: 'string' },
  },
  NodeGetVolumeHealthResponse: {
    volumeHealth: { kind: 'message', type: 'VolumeHealth' },
  },
  NodeGetStorageHealthRequest: {
    secrets: { kind: 'map', secret: true },
  },
  NodeGetStorageHealthResponseStorageBackendHealth: {
    status: { kind: 'other' },
    reason: { kind: 'string' },
    message: { kind: 'string' },
    volumeCapability: { kind: 'message', type: 'VolumeCapability' },
  },
  NodeGetStorageHealthResponse: {
    backendHealth: { kind: 'message', type: 'NodeGetStorageHealthResponseStorageBackendHealth', repeated: true },
  },
  NodeGetCapabilitiesRequest: {},
  NodeGetCapabilitiesResponse: {
    capabilities: { kind: 'message', type: 'NodeServiceCapability', repeated: true },
  },
  NodeServiceCapabilityRPC: {
    type: { kind: 'other' },
  },
  NodeServiceCapability: {
    rpc: { kind: 'message', type: 'NodeServiceCapabilityRPC' },
  },
  NodeGetInfoRequest: {},
  NodeGetInfoResponse: {
    nodeId: { kind: 'string' },
    maxVolumesPerNode: { kind: 'other' },
    accessibleTopology: { kind: 'message', type: 'Topology' },
  },
  NodeExpandVolumeRequest: {
    volumeId: { kind: 'string' },
    volumePath: { kind: 'string' },
    capacityRange: { kind: 'message', type: 'CapacityRange' },
    stagingTargetPath: { kind: 'string' },
    volumeCapability: { kind: 'message', type: 'VolumeCapability' },
    secrets: { kind: 'map', secret: true },
  },
  NodeExpandVolumeResponse: {
    capacityBytes: { kind: 'other' },
  },
  GroupControllerGetCapabilitiesRequest: {},
  GroupControllerGetCapabilitiesResponse: {
    capabilities: { kind: 'message', type: 'GroupControllerServiceCapability', repeated: true },
  },
  GroupControllerServiceCapabilityRPC: {
    type: { kind: 'other' },
  },
  GroupControllerServiceCapability: {
    rpc: { kind: 'message', type: 'GroupControllerServiceCapabilityRPC' },
  },
  CreateVolumeGroupSnapshotRequest: {
    name: { kind: 'string' },
    sourceVolumeIds: { kind: 'string', repeated: true },
    secrets: { kind: 'map', secret: true },
    parameters: { kind: 'map' },
  },
  CreateVolumeGroupSnapshotResponse: {
    groupSnapshot: { kind: 'message', type: 'VolumeGroupSnapshot' },
  },
  VolumeGroupSnapshot: {
    groupSnapshotId: { kind: 'string' },
    snapshots: { kind: 'message', type: 'Snapshot', repeated: true },
    creationTime: { kind: 'message', type: 'Timestamp' },
    readyToUse: { kind: 'other' },
  },
  DeleteVolumeGroupSnapshotRequest: {
    groupSnapshotId: { kind: 'string' },
    snapshotIds: { kind: 'string', repeated: true },
    secrets: { kind: 'map', secret: true },
  },
  DeleteVolumeGroupSnapshotResponse: {},
  GetVolumeGroupSnapshotRequest: {
    groupSnapshotId: { kind: 'string' },
    snapshotIds: { kind: 'string', repeated: true },
    secrets: { kind: 'map', secret: true },
  },
  GetVolumeGroupSnapshotResponse: {
    groupSnapshot: { kind: 'message', type: 'VolumeGroupSnapshot' },
  },
  BlockMetadata: {
    byteOffset: { kind: 'other' },
    sizeBytes: { kind: 'other' },
  },
  GetMetadataAllocatedRequest: {
    snapshotId: { kind: 'string' },
    startingOffset: { kind: 'other' },
    maxResults: { kind: 'other' },
    secrets: { kind: 'map', secret: true },
  },
  GetMetadataAllocatedResponse: {
    blockMetadataType: { kind: 'other' },
    volumeCapacityBytes: { kind: 'other' },
    blockMetadata: { kind: 'message', type: 'BlockMetadata', repeated: true },
  },
  GetMetadataDeltaRequest: {
    baseSnapshotId: { kind: 'string' },
    targetSnapshotId: { kind: 'string' },
    startingOffset: { kind: 'other' },
    maxResults: { kind: 'other' },
    secrets: { kind: 'map', secret: true },
  },
  GetMetadataDeltaResponse: {
    blockMetadataType: { kind: 'other' },
    volumeCapacityBytes: { kind: 'other' },
    blockMetadata: { kind: 'message', type: 'BlockMetadata', repeated: true },
  },
  Timestamp: {
    seconds: { kind: 'other' },
    nanos: { kind: 'other' },
  },
  BoolValue: {
    value: { kind: 'other' },
  },
  Int64Value: {
    value: { kind: 'other' },
  },
}
