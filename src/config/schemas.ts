import { Type } from 'typebox'

/**
 * Every knob of every process. The example files in `deploy/config/` show all of them and are parsed by a test.
 * Defaults are those of a host or node that was set up by the packages.
 */

const strict = { additionalProperties: false } as const
const Path = Type.String({ pattern: '^/' })
const Port = Type.Integer({ minimum: 1, maximum: 65535 })

const LogLevel = Type.Enum(['trace', 'debug', 'info', 'warn', 'error'], { default: 'info' })

/** How a controller or node reaches its element: over its unix socket, or over HTTPS with a token. */
const Endpoint = Type.Union([
  Type.Object({ socket: Path }, strict),
  Type.Object(
    {
      url: Type.String({ pattern: '^https://' }),
      /** Holds the bearer token, and nothing else. */
      tokenFile: Path,
      /** PEM; left out = the system's own authorities. */
      caFile: Type.Optional(Path),
    },
    strict,
  ),
])

/** The ways to one element, the local one first. Left out: only the link-local one is tried. */
const Endpoints = Type.Optional(Type.Union([Endpoint, Type.Array(Endpoint, { minItems: 1, maxItems: 8 })]))

/** `element`, and what belongs to it, of a process that finds its element by itself. */
const findsElement = {
  element: Endpoints,
  /** The id of the element that has to answer. Left out: with several ways, the first that answers decides. */
  elementId: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
  /**
   * Tried after all of `element`: an address that means the guest's own host on each host; `false` = never. Token and
   * CA are those of the first URL in `element`, so it is not tried where `element` has sockets only.
   */
  linkLocal: Type.Union([Type.Literal(false), Type.String({ pattern: '^https://' })], {
    default: 'https://169.254.77.1:9443',
  }),
} as const

const CsiEndpoint = Type.String({ pattern: '^unix:///.+\\.sock$' })

/** Who grants a disk to a node: the controller (ControllerPublishVolume), or the node itself when it stages. */
const Attach = Type.Enum(['controller', 'node'], { default: 'controller' })

/** Whether the health RPCs of CSI 1.13 are offered: they are alpha, and older sidecars stop at capabilities they do not know. */
const VolumeHealth = Type.Boolean({ default: false })

export const ElementConfig = Type.Object(
  {
    /** A name for people; the element's identity is its UUID. */
    name: Type.String({ minLength: 1, maxLength: 63, default: 'element' }),
    /** Elements and nodes of one site can reach each other. A topology value (CSI: alphanumeric ends). */
    site: Type.String({ pattern: '^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$', default: 'site' }),
    /** Database, credentials and run files. Only root may read it. */
    stateDir: Type.String({ pattern: '^/', default: '/var/lib/mooring/element' }),
    listen: Type.Object(
      {
        socket: Type.String({ pattern: '^/', default: '/run/mooring/element.sock' }),
        https: Type.Optional(
          Type.Object(
            {
              address: Type.String({ default: '0.0.0.0' }),
              port: Type.Integer({ minimum: 1, maximum: 65535, default: 9443 }),
              certFile: Path,
              keyFile: Path,
              /** YAML list of {sha256, role, initiator}; see docs/reference/configuration.md. */
              tokensFile: Path,
            },
            strict,
          ),
        ),
      },
      { ...strict, default: {} },
    ),
    /** A btrfs mount that the operator names, or a sparse file that the element makes, mounts and unmounts. */
    pool: Type.Union([
      Type.Object({ path: Path }, strict),
      Type.Object(
        { imageFile: Path, sizeBytes: Type.Integer({ minimum: 256 * 1024 ** 2 }), mountPoint: Path },
        strict,
      ),
    ]),
    /** How full the pool may get, as parts of what it holds. */
    space: Type.Object(
      {
        /** All disks together are promised at most this many times what the pool holds. */
        overcommit: Type.Number({ minimum: 1, maximum: 1000, default: 20 }),
        /** From here on the element warns. */
        warnAt: Type.Number({ minimum: 0.1, maximum: 1, default: 0.8 }),
        /** From here on no disk is made or grown; what is there goes on. */
        stopAt: Type.Number({ minimum: 0.1, maximum: 1, default: 0.95 }),
        /**
         * When no more than this is left, the target pauses: initiators wait instead of getting errors, until there is
         * twice as much. At most half of what `stopAt` leaves counts. It should take a pool's disks longer than half a
         * second to write.
         */
        reserveBytes: Type.Integer({ minimum: 0, maximum: 1024 ** 4, default: 2 * 1024 ** 3 }),
      },
      { ...strict, default: {} },
    ),
    /** Where initiators reach the target. */
    portal: Type.Object({ address: Type.String({ minLength: 1 }), port: Port }, strict),
    target: Type.Object(
      {
        /** `tgt`: a daemon of the element's own. `lio`: the kernel's own target; see docs/guides/targets.md. */
        kind: Type.Enum(['tgt', 'lio'], { default: 'tgt' }),
        /** Threads that carry out I/O, for each LUN; tgt only. */
        threads: Type.Integer({ minimum: 1, maximum: 16, default: 1 }),
        /** How long a fence waits for a command that is under way before the call fails and has to be made again. */
        fenceMs: Type.Integer({ minimum: 100, maximum: 120_000, default: 10_000 }),
        /** What a stopping element does with its target: `serve` leaves it to the attached initiators. */
        onStop: Type.Enum(['serve', 'stop'], { default: 'serve' }),
      },
      { ...strict, default: {} },
    ),
    /** Copies of the database. They hold its secrets: only root may read them. */
    backup: Type.Object(
      {
        /** Best on another disk than `stateDir`. Left out = `backups` in `stateDir`. */
        directory: Type.Optional(Path),
        everyMinutes: Type.Integer({ minimum: 1, maximum: 527_040, default: 60 }),
        /** How many are kept of those made by the clock, and as many of those made by hand. */
        keep: Type.Integer({ minimum: 1, maximum: 1000, default: 48 }),
      },
      { ...strict, default: {} },
    ),
    /** Disks and groups that users delete. Those of Kubernetes go by their class. */
    deletes: Type.Object(
      {
        /** How long they can be had again; 0 = gone at once. */
        graceHours: Type.Number({ minimum: 0, maximum: 8784, default: 24 }),
        /** Whether they go before their time while the pool is above its stop mark, soonest over first. */
        purgeWhenFull: Type.Boolean({ default: false }),
      },
      { ...strict, default: {} },
    ),
    /** What makes the recovery points that policies want. */
    scheduler: Type.Object(
      {
        /** How often it looks for points that are due. */
        everyMs: Type.Integer({ minimum: 1000, maximum: 60_000, default: 5000 }),
        /** Of how many groups at once it makes or deletes points: they share one pool. */
        concurrency: Type.Integer({ minimum: 1, maximum: 32, default: 2 }),
        /** How long it waits for one point to be made or deleted, before it goes on; the operation ends by itself. */
        limitMs: Type.Integer({ minimum: 1000, maximum: 3_600_000, default: 120_000 }),
      },
      { ...strict, default: {} },
    ),
    /** What compares database, store, target and nodes; see docs/decisions/0025. */
    reconciler: Type.Object(
      {
        everyMs: Type.Integer({ minimum: 100, maximum: 3_600_000, default: 60_000 }),
        /** A sweep that takes longer leaves what is left to the next one. */
        limitMs: Type.Integer({ minimum: 1000, maximum: 3_600_000, default: 30_000 }),
      },
      { ...strict, default: {} },
    ),
    /** Whoever holds a disk counts as alive for this long; see docs/decisions/0017. */
    lease: Type.Object(
      {
        durationMs: Type.Integer({ minimum: 500, maximum: 600_000, default: 15_000 }),
        /** At most a third of the duration. */
        renewMs: Type.Integer({ minimum: 100, maximum: 200_000, default: 3000 }),
        marginMs: Type.Integer({ minimum: 0, maximum: 60_000, default: 1000 }),
      },
      { ...strict, default: {} },
    ),
    /** What happens to the disk of a node that may still use it: `protect-first` lets it read until the fence is up. */
    fencing: Type.Enum(['revoke', 'protect-first'], { default: 'revoke' }),
    /** The element may act as long as it can write its database. */
    authority: Type.Object(
      {
        /**
         * When it can't: `bounded` ends all serving within the lease and 3 s; `available` goes on serving what is
         * granted, for groups that nobody else can take over. Nothing is changed either way.
         */
        mode: Type.Enum(['bounded', 'available'], { default: 'bounded' }),
        /** A stopped, stuck or ended element is served on for at most so long. It is renewed five times in it. */
        leaseMs: Type.Integer({ minimum: 3000, maximum: 300_000, default: 15_000 }),
      },
      { ...strict, default: {} },
    ),
    logLevel: LogLevel,
  },
  strict,
)

export const ControllerConfig = Type.Object(
  {
    csiEndpoint: CsiEndpoint,
    ...findsElement,
    attach: Attach,
    volumeHealth: VolumeHealth,
    logLevel: LogLevel,
  },
  strict,
)

export const NodeConfig = Type.Object(
  {
    csiEndpoint: CsiEndpoint,
    ...findsElement,
    attach: Attach,
    volumeHealth: VolumeHealth,
    /** The Kubernetes node name. Left out = the environment's NODE_NAME, else the host name. */
    nodeId: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    /** iSCSI name (RFC 7143 §4.2.7). Left out = made from the node id. */
    initiatorName: Type.Optional(Type.String({ pattern: '^(iqn|eui|naa)\\.[-.:a-z0-9]{1,219}$' })),
    stateDir: Type.String({ pattern: '^/', default: '/var/lib/mooring/node' }),
    /** How many volumes this node takes; each is one session, one FUSE file and one loop device. */
    maxVolumes: Type.Integer({ minimum: 1, maximum: 1000, default: 128 }),
    /** `auto`: the kernel's where the preflight finds it sound, else the userspace one. */
    initiator: Type.Enum(['auto', 'open-iscsi', 'userspace'], { default: 'auto' }),
    /** How a containerised node reaches the programs of open-iscsi on its host. Left out: they are its own. */
    openIscsi: Type.Object(
      {
        /** Where the host's root file system is mounted in the container. */
        hostRoot: Type.Optional(Path),
        /** Whose namespaces to enter; goes before hostRoot and needs hostPID. `iscsid`: where that is a container. */
        namespace: Type.Optional(Type.Enum(['host', 'iscsid'])),
        /** The folder of open-iscsi's records at the host. Left out: /etc/iscsi or /var/lib/iscsi, as it is there. */
        database: Type.Optional(Path),
      },
      { ...strict, default: {} },
    ),
    keeper: Type.Object(
      {
        /** `node`: the node starts the keeper when none answers. `service`: something else runs it. */
        startedBy: Type.Enum(['node', 'service'], { default: 'node' }),
      },
      { ...strict, default: {} },
    ),
    lease: Type.Object(
      {
        /** Tells this machine from another that says it is the same node. Left out = the boot id of the kernel. */
        instance: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
      },
      { ...strict, default: {} },
    ),
    /** How often sessions are looked at and put right. */
    healSeconds: Type.Integer({ minimum: 1, maximum: 3600, default: 15 }),
    /** Where Prometheus reads this node's figures. Left out = nowhere. */
    metrics: Type.Optional(
      Type.Object({ address: Type.String({ minLength: 1, default: '127.0.0.1' }), port: Port }, strict),
    ),
    logLevel: LogLevel,
  },
  strict,
)

/** The command line's: what it talks to when neither an option nor the environment says. */
export const CliConfig = Type.Object({ element: Endpoint }, strict)

export const TokensConfig = Type.Array(
  Type.Object(
    {
      /** Hex SHA-256 of the token: the file holds no token itself. */
      sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
      role: Type.Enum(['admin', 'operator', 'provisioner', 'node', 'viewer']),
      /** For `node`: the one initiator that the token speaks for. */
      initiator: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    },
    strict,
  ),
)
