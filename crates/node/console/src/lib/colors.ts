// Eight colours that people with any colour vision tell apart, in a fixed order, per theme.

const LIGHT = ['#1479a8', '#dd8a16', '#0f9273', '#b9559a', '#55a3da', '#c24e14', '#7466c0', '#948714'];
const DARK = ['#4aa9d8', '#efae45', '#38bd98', '#dc8cc0', '#8fcbf2', '#ef8450', '#a79be8', '#cdc04a'];

export function palette(dark: boolean): string[] {
  return dark ? DARK : LIGHT;
}

/** Half of a colour, half of what lies behind: opaque, so that stacked bars do not shine through. */
export function pale(color: string, behind: string): string {
  const mixed = parts(color).map((part, at) => Math.round((part + parts(behind)[at]) / 2));
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

/** Red, green and blue of `#rgb` or `#rrggbb`: a minifier makes one of the other. */
function parts(color: string): number[] {
  const digits = color.trim().slice(1);
  const long = digits.length === 3 ? [...digits].map((digit) => digit + digit).join('') : digits;
  return [0, 2, 4].map((at) => parseInt(long.slice(at, at + 2), 16));
}

/** The same value keeps its colour on a page, in the order in which values were first seen. */
export class ColorBook {
  #numbers = new Map<string, number>();

  constructor(fixed: Record<string, number> = {}) {
    for (const [value, number] of Object.entries(fixed)) this.#numbers.set(value, number - 1);
  }

  number(value: string): number {
    let found = this.#numbers.get(value);
    if (found === undefined) {
      const taken = new Set(this.#numbers.values());
      found = 0;
      while (taken.has(found)) found += 1;
      this.#numbers.set(value, found);
    }
    return found % LIGHT.length;
  }
}
