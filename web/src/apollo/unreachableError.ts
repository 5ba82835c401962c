/** The service has not answered a request: the network failed, or the time limit was over. A change may be saved. */
export class UnreachableError extends Error {
  constructor(cause: unknown) {
    // The texts of browsers differ: "Failed to fetch", "Load failed", "NetworkError when attempting …".
    super('The service cannot be reached.', { cause });
    this.name = 'UnreachableError';
  }
}
