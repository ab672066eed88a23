/** The flash chip's own description (JESD216): signature, one parameter table, its size. */
export function sfdpTable(flashSizeBytes: number): Uint8Array {
  const table = new Uint8Array(0x80).fill(0xff);
  const view = new DataView(table.buffer);
  view.setUint32(0x00, 0x5044_4653, true); // "SFDP"
  view.setUint32(0x04, 0xff00_0106, true); // revision 1.6, one parameter header
  view.setUint32(0x08, 0x1001_0600, true); // JEDEC basic table, revision 1.6, 16 words
  view.setUint32(0x0c, 0xff00_0030, true); // which starts at 0x30
  view.setUint32(0x30, 0xfff1_20e5, true); // 4 KB erase by 0x20
  view.setUint32(0x34, flashSizeBytes * 8 - 1, true);
  return table;
}
