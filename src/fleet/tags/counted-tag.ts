/** A tag, and how many devices have it. */
export interface CountedTag {
  readonly tag: string;
  readonly description: string;
  readonly devices: number;
}
