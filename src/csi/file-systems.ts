/** The file systems that a volume of access type mount can have. */
export const FILE_SYSTEMS = ['ext4', 'xfs', 'btrfs'] as const
export type FileSystem = (typeof FILE_SYSTEMS)[number]

/** What a volume gets when neither the capability nor the StorageClass names one. */
export const DEFAULT_FILE_SYSTEM: FileSystem = 'ext4'

export const isFileSystem = (text: string): text is FileSystem =>
  (FILE_SYSTEMS as readonly string[]).includes(text)
