/** Which part of a list is wanted. */
export interface PageRequest {
  /** From 0. */
  readonly page: number;
  /** 1 to 1000. */
  readonly perPage: number;
  /** A field name of the entity, `-` in front for descending; the default is creation order. */
  readonly sort?: string;
}

/** One page of a list. */
export interface Page<Entity> {
  readonly list: readonly Entity[];
  readonly page: number;
  readonly perPage: number;
  /** Of all pages together. */
  readonly total: number;
}
