const BEARER = /^Bearer +([\w.~+/-]{1,512}=*)$/i;
const BASIC = /^Basic +([\w+/=-]{1,1024})$/i;

/** What `Authorization` presents, or `null` for nothing that we know. */
export type Credential =
  | { readonly kind: 'bearer'; readonly secret: string }
  | { readonly kind: 'basic'; readonly user: string; readonly secret: string };

/** Reads an `Authorization` header. */
export function parseCredential(header: string | undefined): Credential | null {
  if (header === undefined) return null;
  const bearer = BEARER.exec(header)?.[1];
  if (bearer !== undefined) return { kind: 'bearer', secret: bearer };
  const basic = BASIC.exec(header)?.[1];
  if (basic === undefined) return null;
  const text = Buffer.from(basic, 'base64').toString('utf8');
  // Device ids may contain colons, as MAC addresses do; device secrets never do.
  const colon = text.lastIndexOf(':');
  if (colon === -1) return null;
  return { kind: 'basic', user: text.slice(0, colon), secret: text.slice(colon + 1) };
}

/** Whether the request presents a management token, so that it is not meant for a device protocol. */
export function presentsManagementToken(header: string | undefined): boolean {
  return header !== undefined && /^Bearer +otk_/i.test(header);
}
