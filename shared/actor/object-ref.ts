/**
 * A handle on tensors that stay where they were made. Small enough to travel in any message; whoever needs the
 * tensors pulls them from `address`.
 */
export class ObjectRef {
  /** host:port of the process that holds the object. */
  readonly address: string;
  /** Names the object within that process, and the process itself: a restarted one does not know it. */
  readonly id: string;
  /** Bytes of tensor data. */
  readonly sizeBytes: number;

  constructor(address: string, id: string, sizeBytes: number) {
    this.address = address;
    this.id = id;
    this.sizeBytes = sizeBytes;
  }
}
