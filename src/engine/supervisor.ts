// What the parts of a server tell the service manager that has started it. Implemented in process/ for a process of its own;
// an embedded server has none.

export interface Supervisor {
  /** INFO's process_supervised. */
  readonly name: 'no' | 'upstart' | 'systemd' | 'unknown';
  /**
   * Tells systemd a state in its notation (`STATUS=…`, `READY=1`), and waits some milliseconds for that. Nothing happens under any
   * other manager.
   */
  notify(state: string): void;
  /** As `notify`, beside everything else: while the server serves. */
  notifyBeside(state: string): void;
}

export const NO_SUPERVISOR: Supervisor = { name: 'no', notify: () => {}, notifyBeside: () => {} };
