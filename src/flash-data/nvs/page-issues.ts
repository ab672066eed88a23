import { formatHex, type Issue } from '../../shared/index.ts';
import type { NvsCode } from '../codes.ts';
import { PAGE_SIZE_BYTES } from './layout.ts';
import { isInUse, type NvsPage } from './page.ts';

/** From this many pages on a partition is writable and needs a blank page to clear others into. */
const MIN_WRITABLE_PAGES = 3;

/** What is wrong with the pages as such, whatever lies in them. */
export function pageIssues(
  pages: readonly NvsPage[],
  inUse: readonly NvsPage[],
): readonly Issue<NvsCode>[] {
  const issues = pages.flatMap((page) => issuesOfPage(page));
  for (const [position, page] of inUse.entries()) {
    if (page.sequence !== inUse[position + 1]?.sequence) continue;
    issues.push(
      at(
        page,
        'nvs/page-sequence',
        'error',
        `sequence number ${page.sequence} is that of another page too`,
        'Build the partition anew; the device does not recover from this.',
      ),
    );
  }
  const noneBlank = pages.every((page) => page.state !== 'blank');
  if (noneBlank && pages.length >= MIN_WRITABLE_PAGES && inUse.length > 0) {
    issues.push({
      code: 'nvs/no-free-page',
      severity: 'error',
      message: `all ${pages.length} pages are in use; the device needs one blank page to work with`,
      hint: 'Erase the partition, or build it larger.',
    });
  }
  return issues;
}

function issuesOfPage(page: NvsPage): Issue<NvsCode>[] {
  if (page.state === 'blank') {
    if (page.bytes.every((byte) => byte === 0xff)) return [];
    return [
      at(
        page,
        'nvs/page-not-erased',
        'warning',
        'is blank by its state but has data',
        'The device erases it before use; nothing needs doing.',
      ),
    ];
  }
  const dropped = 'The device drops the page and what it holds. Read the partition again.';
  if (!isInUse(page)) {
    const what =
      page.state === 'unknown' || page.state === 'corrupt'
        ? `has the state ${formatHex(page.stateValue, 8)}, which is none of a page in use`
        : page.headerCrcValid
          ? 'has an unknown version'
          : 'has a header with a wrong CRC';
    return [at(page, 'nvs/page-header', 'error', what, dropped)];
  }
  if (page.state !== 'freeing') return [];
  return [
    at(
      page,
      'nvs/page-freeing',
      'warning',
      'was being cleared when it was interrupted',
      'The device moves what is left when it starts; nothing needs doing.',
    ),
  ];
}

function at(
  page: NvsPage,
  code: NvsCode,
  severity: 'error' | 'warning',
  what: string,
  hint: string,
): Issue<NvsCode> {
  const fileOffset = page.index * PAGE_SIZE_BYTES;
  const message = `page ${page.index} at ${formatHex(fileOffset)}: ${what}`;
  return { code, severity, message, hint, location: { kind: 'binary', fileOffset } };
}
