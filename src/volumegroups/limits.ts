/** Every limit of the domain, in one place; docs/reference/limits.md lists them. */

/** Disk sizes are rounded up to a multiple of this: whole MiB divide evenly for every file system and target. */
export const SIZE_UNIT_BYTES = 1024n * 1024n
export const MIN_DISK_BYTES = SIZE_UNIT_BYTES
/** 64 TiB: below the 16 EiB of a btrfs file and of a 64-bit LBA, above what one host holds. */
export const MAX_DISK_BYTES = 64n * 1024n ** 4n
/** What a disk gets when the request names no size. */
export const DEFAULT_DISK_BYTES = 1024n ** 3n
/** SAM-5 §4.7.7: what flat-space LUN addressing can hold. 0 is the target's own controller. */
export const MAX_LUN = 16383
export const MAX_NAME_BYTES = 128
export const MAX_ATTRIBUTES_BYTES = 4096
export const MAX_PAGE = 500
/** Byte ranges in one page. */
export const MAX_RANGES = 4096
export const MAX_DISKS_PER_RECOVERY_POINT = 256
/** Kubernetes node names and CSI node ids fit. */
export const MAX_INITIATOR_ID_BYTES = 256
/** A fully qualified domain name fits. */
export const MAX_HOST_BYTES = 255
/** A Kubernetes namespace fits. */
export const MAX_PROJECT_NAME_BYTES = 63
/** Projects below the root. */
export const MAX_PROJECT_DEPTH = 16
export const MAX_PROJECT_PATH_BYTES = MAX_PROJECT_DEPTH * (MAX_PROJECT_NAME_BYTES + 1)
/** What an error lists of what is in the way; it counts the rest. */
export const MAX_LISTED = 20

/** Of the reason for lifting a lock. */
export const MAX_WHY_BYTES = 512

export const MAX_SCHEDULES_PER_POLICY = 8
export const MIN_SCHEDULE_INTERVAL_MS = 60_000
export const MAX_SCHEDULE_INTERVAL_MS = 366 * 24 * 3_600_000
/** Scheduled points are made at most this long after the time that a cron expression says; see `Schedule`. */
export const MAX_SPREAD_MS = 15 * 60_000
/** For what is deleted to be had again: a year. */
export const MAX_GRACE_MS = 366 * 24 * 3_600_000
/** Of each line of a retention. */
export const MAX_RETAINED = 1000
/** Ten years. */
export const MAX_LOCK_MS = 3653 * 24 * 3_600_000
export const MIN_RPO_MS = 60_000
export const MAX_RPO_MS = 366 * 24 * 3_600_000

/** Of which the element tells what it decided. */
export const MAX_RECOVERIES = 32
/** In each of them; all are counted. */
export const MAX_RECORDED_DECISIONS = 1000

/** That a renewal of a lease tells of. */
export const MAX_REPORTED_DISKS = 1024
/** That an audit or a sweep tells of; all are counted. */
export const MAX_FINDINGS = 1000
/** Sweeps that found something and are told of. */
export const MAX_SWEEPS = 32
