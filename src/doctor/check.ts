/** What a check found on this host. */
export interface Finding {
  readonly ok: boolean;
  /** What was found, in a few words. */
  readonly found: string;
  readonly fix?: {
    /** Debian packages that bring what is missing. */
    readonly packages?: readonly string[];
    /** Commands for a person. */
    readonly commands?: readonly string[];
  };
}

/** One thing that a host must offer. */
export interface Check {
  readonly id: string;
  readonly title: string;
  applicable(): Promise<boolean> | boolean;
  run(): Promise<Finding>;
}
