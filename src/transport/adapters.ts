import type { UsbIdentity } from './link.ts';

/** The USB side of a board. */
export interface Adapter {
  readonly name: string;
  /**
   * `bridge`: a UART chip whose DTR and RTS drive EN and IO0. `usb-serial-jtag`: the peripheral inside
   * the chip, which resets itself. `usb-otg`: the ROM's own CDC device.
   */
  readonly kind: 'bridge' | 'usb-serial-jtag' | 'usb-otg' | 'unknown';
}

const ESPRESSIF = 0x303a;

/** By vendor, then by product; `null` stands for any other product of the vendor. */
const ADAPTERS: ReadonlyMap<number, ReadonlyMap<number | null, Adapter>> = new Map([
  [
    ESPRESSIF,
    new Map<number | null, Adapter>([
      [0x1001, { name: 'native USB-Serial/JTAG', kind: 'usb-serial-jtag' }],
      // The ROM's own device has the id of the chip.
      [0x0002, { name: 'native USB (ESP32-S2 ROM)', kind: 'usb-otg' }],
      [0x0009, { name: 'native USB (ESP32-S3 ROM)', kind: 'usb-otg' }],
      [0x0012, { name: 'native USB (ESP32-P4 ROM)', kind: 'usb-otg' }],
      [0x1002, { name: 'ESP-Prog / ESP USB Bridge', kind: 'bridge' }],
      [null, { name: 'native USB (application)', kind: 'usb-otg' }],
    ]),
  ],
  [
    0x10c4,
    new Map<number | null, Adapter>([
      [0xea60, { name: 'CP210x', kind: 'bridge' }],
      [0xea64, { name: 'CP2102C', kind: 'bridge' }],
      [0xea70, { name: 'CP2105', kind: 'bridge' }],
      [0xea71, { name: 'CP2108', kind: 'bridge' }],
      [null, { name: 'Silicon Labs', kind: 'bridge' }],
    ]),
  ],
  [
    0x1a86,
    new Map<number | null, Adapter>([
      [0x7523, { name: 'CH340', kind: 'bridge' }],
      [0x7522, { name: 'CH340K', kind: 'bridge' }],
      [0x5523, { name: 'CH341', kind: 'bridge' }],
      [0x55d3, { name: 'CH343', kind: 'bridge' }],
      [0x55d4, { name: 'CH9102', kind: 'bridge' }],
      [0x55d8, { name: 'CH9101', kind: 'bridge' }],
      [null, { name: 'CH34x', kind: 'bridge' }],
    ]),
  ],
  [
    0x0403,
    new Map<number | null, Adapter>([
      [0x6001, { name: 'FT232R', kind: 'bridge' }],
      [0x6010, { name: 'FT2232', kind: 'bridge' }],
      [0x6011, { name: 'FT4232', kind: 'bridge' }],
      [0x6014, { name: 'FT232H', kind: 'bridge' }],
      [0x6015, { name: 'FT231X', kind: 'bridge' }],
      [null, { name: 'FTDI', kind: 'bridge' }],
    ]),
  ],
  [0x067b, new Map<number | null, Adapter>([[null, { name: 'PL2303', kind: 'bridge' }]])],
]);

/** What is probably behind these USB ids; `null` where they say nothing about ESP boards. */
export function adapterOf({ vendorId, productId }: UsbIdentity): Adapter | null {
  const products = ADAPTERS.get(vendorId);
  return products?.get(productId) ?? products?.get(null) ?? null;
}
