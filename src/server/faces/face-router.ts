import { ServerError } from '../codes.ts';
import type { Face, FaceRoute } from './face.ts';

/** A route that was found, with the values of its parameters. */
export interface FaceMatch {
  readonly face: Face;
  readonly route: FaceRoute;
  readonly params: Readonly<Record<string, string>>;
}

/** One level of the tree of path segments. */
interface Node {
  readonly literals: Map<string, Node>;
  parameter: Node | null;
  /** By method; with the parameters' names in the order of the path. */
  readonly ends: Map<string, { face: Face; route: FaceRoute; names: readonly string[] }>;
}

/** Finds the route of a path in as many steps as it has segments. */
export class FaceRouter {
  readonly #root = emptyNode();

  constructor(faces: readonly Face[]) {
    for (const face of faces) for (const route of face.routes) this.#add(face, route);
  }

  /**
   * `null` for what is no path of a face (or not with this method, which leaves it to the API).
   *
   * @throws ServerError `server/bad-request` for a segment that is not percent-encoded UTF-8
   */
  find(method: string, path: string): FaceMatch | null {
    const values: string[] = [];
    const found = this.#walk(path, values)?.ends.get(method === 'HEAD' ? 'GET' : method);
    if (found === undefined) return null;
    const { face, route, names } = found;
    const params = Object.fromEntries(
      names.map((name, index) => [name, decode(values[index] ?? '')]),
    );
    return { face, route, params };
  }

  /** The methods that a path has, for `Allow`; none for what is no path of a face. */
  methodsOf(path: string): readonly string[] {
    const methods = [...(this.#walk(path, [])?.ends.keys() ?? [])];
    return methods.includes('GET') ? ['HEAD', ...methods] : methods;
  }

  #walk(path: string, values: string[]): Node | null {
    let node = this.#root;
    let start = 1;
    while (start <= path.length) {
      const slash = path.indexOf('/', start);
      const end = slash === -1 ? path.length : slash;
      const segment = path.slice(start, end);
      start = end + 1;
      const literal = node.literals.get(segment);
      if (literal !== undefined) {
        node = literal;
        continue;
      }
      if (node.parameter === null || segment === '') return null;
      values.push(segment);
      node = node.parameter;
    }
    return node;
  }

  #add(face: Face, route: FaceRoute): void {
    const names: string[] = [];
    let node = this.#root;
    for (const segment of route.path.slice(1).split('/')) {
      if (segment.startsWith(':')) {
        names.push(segment.slice(1));
        node.parameter ??= emptyNode();
        node = node.parameter;
        continue;
      }
      const next = node.literals.get(segment) ?? emptyNode();
      node.literals.set(segment, next);
      node = next;
    }
    if (node.ends.has(route.method)) {
      throw new ServerError('server/bug', `two faces have ${route.method} ${route.path}`);
    }
    node.ends.set(route.method, { face, route, names });
  }
}

function emptyNode(): Node {
  return { literals: new Map(), parameter: null, ends: new Map() };
}

function decode(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new ServerError('server/bad-request', 'the path is not percent-encoded UTF-8', {
      hint: 'Write what is not ASCII as the %xx of its UTF-8.',
      cause,
    });
  }
}
