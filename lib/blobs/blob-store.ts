export interface BlobInfo {
  /** Lower-case hexadecimal: the name of the bytes. */
  readonly sha256: string;
  readonly size: number;
}

/**
 * Bytes addressed by their own sha256. A `put` that returned is durable; the same bytes put twice are kept once; a killed `put` leaves nothing
 * under a final name. All methods throw AppError: DISK_FULL, NOT_FOUND for an address that is not there, BAD_INPUT for one that is no sha256,
 * UNAVAILABLE where the store cannot be reached.
 */
export interface BlobStore {
  putBytes(bytes: Uint8Array): Promise<BlobInfo>;
  /** Copies; the file stays where it is. */
  putFile(file: string): Promise<BlobInfo>;
  putStream(stream: AsyncIterable<Uint8Array>): Promise<BlobInfo>;
  /** Checked against the address: damaged bytes are an INTERNAL error, never returned. */
  readBytes(sha256: string): Promise<Uint8Array>;
  readStream(sha256: string): Promise<AsyncIterable<Uint8Array>>;
  /** A file of this machine with these bytes, to be read only. A remote store fetches it first. */
  path(sha256: string): Promise<string>;
  has(sha256: string): Promise<boolean>;
  /** Not an error where it is not there. */
  remove(sha256: string): Promise<void>;
  /** Bytes that can still be put; Infinity where the store has no such limit. */
  freeBytes(): Promise<number>;
}
