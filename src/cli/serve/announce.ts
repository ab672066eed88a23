import type { AppImage } from '../../app-image/index.ts';
import type { Advertisement, ServerFacts } from '../../discovery/index.ts';
import type { ListeningEvent } from '../../serve/index.ts';
import type { Issue } from '../../shared/index.ts';

/** Announces by mDNS what is offered: the tag and facts about the image, never the URL or its token. */
export interface Announcer extends AsyncDisposable {
  /** Announces this image from now on. Returns at once: probing for name conflicts takes a second. */
  offer(image: AppImage, listening: ListeningEvent): void;
}

export interface AnnouncerOptions {
  readonly port: number;
  readonly boundAddress: string;
  /** The address in the URL. */
  readonly urlHost: string;
  readonly needsToken: boolean;
  readonly isWanted: boolean;
  readonly onIssue: (issue: Issue) => void;
}

/** Nothing is announced before the first offer. */
export function createAnnouncer(options: AnnouncerOptions): Announcer {
  const { onIssue, needsToken, port, boundAddress, urlHost, isWanted } = options;
  let advertised: Promise<Advertisement> | null = null;

  const start = async (facts: ServerFacts) => {
    const { advertise } = await import('../../discovery/index.ts');
    const advertisement = await advertise({ port, boundAddress, facts, onIssue });
    for (const issue of advertisement.issues) onIssue(issue);
    return advertisement;
  };
  return {
    offer: (image, { tag, sha256, sizeBytes }) => {
      // Whoever serves on loopback has been told already that no device will reach it.
      if (!isWanted || isLoopback(boundAddress) || isLoopback(urlHost)) return;
      const projectName = image.appDescriptor?.projectName ?? null;
      const facts = { tag, sha256, sizeBytes, chip: image.chip, projectName, needsToken };
      advertised =
        advertised === null
          ? start(facts)
          : advertised.then((advertisement) => {
              advertisement.update(facts);
              return advertisement;
            });
      // Not being announced never keeps a server from serving.
      advertised.catch(() => {});
    },
    [Symbol.asyncDispose]: async () => {
      const [result] = await Promise.allSettled([advertised]);
      if (result.status === 'fulfilled') await result.value?.[Symbol.asyncDispose]();
    },
  };
}

function isLoopback(address: string): boolean {
  return /^(?:127\.|localhost$|::1$)/.test(address);
}
