/** How times, sizes and addresses look. */
import i18next from 'i18next';

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000_000],
  ['month', 2_592_000_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];

/** "5 minutes ago", "in 3 hours". */
export function relative(at: number, now = Date.now()): string {
  const format = new Intl.RelativeTimeFormat(i18next.language, { numeric: 'auto', style: 'short' });
  const [unit, size] = UNITS.find(([, size]) => Math.abs(at - now) >= size) ?? ['second', 1000];
  return format.format(Math.trunc((at - now) / size), unit);
}

export function absolute(at: number): string {
  return new Intl.DateTimeFormat(i18next.language, { dateStyle: 'medium', timeStyle: 'medium' }).format(at);
}

export function clock(at: number): string {
  return new Intl.DateTimeFormat(i18next.language, { timeStyle: 'medium' }).format(at);
}

export function number(value: number): string {
  return new Intl.NumberFormat(i18next.language).format(value);
}

export function percent(share: number): string {
  const style = { style: 'percent', maximumFractionDigits: (share > 0 && share < 0.1) || (share > 0.9 && share < 1) ? 1 : 0 } as const;
  return new Intl.NumberFormat(i18next.language, style).format(share);
}

export function bytes(value: number): string {
  const [unit, size] = value < 1000 ? (['byte', 1] as const) : value < 1e6 ? (['kilobyte', 1e3] as const) : (['megabyte', 1e6] as const);
  const style = { style: 'unit', unit, unitDisplay: 'narrow', maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(i18next.language, style).format(value / size);
}

/** 805ec0aabb01 as it stands on the phone's label. */
export function mac(digits: string): string {
  return digits.match(/../g)?.join(':') ?? digits;
}
