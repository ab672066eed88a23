/**
 * Who does something, for the audit log: `token:<id>`, `device:<id>`, or `system` for what the fleet
 * does by itself. Every method that changes something takes it first.
 */
export type Actor = `token:${string}` | `device:${string}` | 'system';
