/** The few pictures of the page, as strokes of 24 × 24. */
const PATHS = {
  overview: 'M4 4h7v9H4zM13 4h7v5h-7zM13 11h7v9h-7zM4 15h7v5H4z',
  phone: 'M8 3h8a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zM9 7h6v4H9zM9.5 14.5h.01M12 14.5h.01M14.5 14.5h.01M9.5 17.5h.01M12 17.5h.01M14.5 17.5h.01',
  waiting: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3 2',
  log: 'M3 12h4l2.5-7 4 14 2.5-7H21',
  bell: 'M6 17V11a6 6 0 1 1 12 0v6l1.5 1h-15zM10 20.5a2.2 2.2 0 0 0 4 0',
  list: 'M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01',
  search: 'M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l4.5 4.5',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.6 5.6l1.1 1.1M17.3 17.3l1.1 1.1M18.4 5.6l-1.1 1.1M6.7 17.3l-1.1 1.1',
  globe: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3.5 9h17M3.5 15h17M12 3c-3 3-3.4 6-3.4 9s.4 6 3.4 9c3-3 3.4-6 3.4-9s-.4-6-3.4-9z',
  leave: 'M14 8V5a1 1 0 0 0-1-1H6a1 1 0 0 0-1 1v14a1 1 0 0 0 1 1h7a1 1 0 0 0 1-1v-3M10 12h10M17 9l3 3-3 3',
  plus: 'M12 5v14M5 12h14',
  copy: 'M9 9h10v11H9zM15 9V5H5v10h4',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  right: 'M9.5 6l6 6-6 6',
  up: 'M6 14l6-6 6 6',
  down: 'M6 10l6 6 6-6',
  pause: 'M8 5v14M16 5v14',
  play: 'M7 5l12 7-12 7z',
  cross: 'M6 6l12 12M18 6L6 18',
  person: 'M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20c.8-3.8 3.8-6 7.5-6s6.700 2.200 7.500 6',
  building: 'M5 21V4h9v17M14 9h5v12M3 21h18M8 8h3M8 12h3M8 16h3',
  shield: 'M12 3l8 3v6c0 4.500-3.300 7.800-8 9-4.700-1.200-8-4.500-8-9V6zM9 12l2.200 2.200L15.500 10',
  key: 'M15 3.500a5.500 5.500 0 1 0 0 11 5.500 5.500 0 0 0 0-11zM11 13l-7.500 7.500M6 18l2.500 2.500M16.500 7.500h.01',
  home: 'M4 11l8-7 8 7M6 9.500V20h4.500v-5h3v5H18V9.500',
  pin: 'M12 21s-6.500-6-6.500-11a6.500 6.500 0 1 1 13 0c0 5-6.500 11-6.500 11zM12 7.800a2.200 2.200 0 1 0 0 4.400 2.200 2.200 0 0 0 0-4.400z',
  sliders: 'M4 7h10M18 7h2M16 5v4M4 17h4M12 17h8M10 15v4',
  net: 'M9 3.500h6v5H9zM3 15.500h6v5H3zM15 15.500h6v5h-6zM12 8.500V12M6 15.500V12h12v3.500',
  help: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM9.500 9.500a2.500 2.500 0 1 1 3.700 2.200c-.8.4-1.200 1-1.200 1.800M12 16.500h.01',
  file: 'M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6',
  mail: 'M3.500 6h17v12h-17zM3.500 7l8.500 6.500L20.500 7',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.6}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
